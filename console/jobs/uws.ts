import { call, childText, elementsOf, getXml } from '../http.ts'

/** A job as its service describes it (UWS 1.1 §2.2.2). */
export interface Job {
  readonly url: string
  readonly id: string
  readonly runId: string | undefined
  readonly owner: string | undefined
  readonly phase: string
  readonly created: string | undefined
  readonly started: string | undefined
  readonly ended: string | undefined
  readonly destruction: string | undefined
  readonly query: string | undefined
  readonly error: string | undefined
  readonly result: { readonly href: string; readonly bytes: number | undefined } | undefined
  /** 0 to 100, of services that say so. */
  readonly percent: number | undefined
}

const ENDED: ReadonlySet<string> = new Set(['COMPLETED', 'ERROR', 'ABORTED', 'ARCHIVED'])

export function hasEnded({ phase }: Pick<Job, 'phase'>): boolean {
  return ENDED.has(phase)
}

/** @throws CallError */
export async function readJob(url: string, signal: AbortSignal): Promise<Job> {
  const { documentElement: job } = await getXml(url, signal)
  const parameters = elementsOf(job, 'parameter')
  const parameter = (name: string) =>
    parameters.find((element) => element.getAttribute('id')?.toUpperCase() === name)?.textContent?.trim()
  const [summary] = elementsOf(job, 'errorSummary')
  const [result] = elementsOf(job, 'result')
  const href = result?.getAttributeNS('http://www.w3.org/1999/xlink', 'href')
  const size = result?.getAttribute('size')
  const [percent] = elementsOf(job, 'percent')
  return {
    url,
    id: childText(job, 'jobId') ?? '',
    runId: childText(job, 'runId') ?? parameter('RUNID'),
    owner: childText(job, 'ownerId'),
    phase: childText(job, 'phase') ?? 'UNKNOWN',
    created: childText(job, 'creationTime'),
    started: childText(job, 'startTime'),
    ended: childText(job, 'endTime'),
    destruction: childText(job, 'destruction'),
    query: parameter('QUERY'),
    error: summary === undefined ? undefined : childText(summary, 'message'),
    result: href == null ? undefined : { href, bytes: size == null ? undefined : Number(size) },
    percent: percent === undefined ? undefined : Number(percent.textContent),
  }
}

/** Addresses of the caller's jobs, the newest first; a service may hide the jobs of those whom it does not know. */
export async function listJobs(service: string, last: number, signal: AbortSignal): Promise<readonly string[]> {
  const list = await getXml(`${service}/async?LAST=${last}`, signal)
  return elementsOf(list, 'jobref').flatMap((ref) => {
    const id = ref.getAttribute('id')
    return ref.getAttributeNS('http://www.w3.org/1999/xlink', 'href') ?? (id === null ? [] : `${service}/async/${id}`)
  })
}

/** @throws CallError */
export async function abortJob(job: Job): Promise<void> {
  await call(`${job.url}/phase`, { method: 'POST', body: new URLSearchParams({ PHASE: 'ABORT' }) })
}

/** @throws CallError */
export async function deleteJob(job: Job): Promise<void> {
  await call(job.url, { method: 'DELETE', redirect: 'manual' }).catch((error: unknown) => {
    // The answer leads to the list of jobs, which need not be read.
    if (!(error instanceof Error && 'status' in error && error.status === 0)) throw error
  })
}

/** A mark of one's own, of which services of ours take a new one at any time (UWS 1.1 §2.1.2, runId). */
export async function renameJob(job: Job, name: string): Promise<void> {
  await call(`${job.url}/parameters`, { method: 'POST', body: new URLSearchParams({ RUNID: name }) })
}
