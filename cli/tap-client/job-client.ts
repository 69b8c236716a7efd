import { readJobs, type UwsJob } from './job-document.ts'
import { type TapQuery, writeForm } from './query-form.ts'
import { explainingBreaks, sendRequest } from './send-request.ts'
import { RefusedQueryError, ServiceError } from './service-error.ts'

export interface ServiceAddress {
  /** Of the service, without `/async`. */
  readonly url: string
  readonly token: string | undefined
}

/** Starts a job. @returns its address; throws as `askService` */
export async function startJob(query: TapQuery): Promise<string> {
  const body = await writeForm(query, [['PHASE', 'RUN']])
  const list = `${query.url}/async`
  const answer = await sendRequest(query.url, list, { method: 'POST', body, token: query.token, follow: false })
  const location = URL.parse(answer.headers.get('location') ?? '', list)
  if (location === null || answer.status !== 303) {
    throw new ServiceError(query.url, `answered ${answer.status} without the address of a job`)
  }
  return location.href
}

/** @param seconds how long the service may wait for another phase */
export async function readJob(service: ServiceAddress, job: string, seconds = 0): Promise<UwsJob> {
  const text = await textOf(service, seconds === 0 ? job : `${job}?WAIT=${seconds}`)
  const [found] = readJobs(text)
  if (found !== undefined) return found
  throw new ServiceError(service.url, `${job} is not the document of a job`)
}

/** @param parameters PHASE, AFTER, LAST */
export async function listJobs(
  service: ServiceAddress,
  parameters: readonly (readonly [string, string])[],
): Promise<readonly UwsJob[]> {
  const query = new URLSearchParams(parameters.map(([name, value]) => [name, value]))
  return readJobs(await textOf(service, `${service.url}/async${query.size === 0 ? '' : `?${query}`}`))
}

/** A change of a job or one of its resources; the answer leads on to the job. */
export async function changeJob(
  { url, token }: ServiceAddress,
  address: string,
  change: Readonly<Record<string, string>> | URLSearchParams,
): Promise<void> {
  const answer = await sendRequest(url, address, {
    method: 'POST',
    body: new URLSearchParams(change),
    token,
    follow: false,
  })
  await answer.body?.cancel()
}

export async function deleteJob({ url, token }: ServiceAddress, job: string): Promise<void> {
  const answer = await sendRequest(url, job, { method: 'DELETE', token, follow: false })
  await answer.body?.cancel()
}

const ACTIVE: readonly string[] = ['PENDING', 'QUEUED', 'EXECUTING', 'HELD', 'SUSPENDED', 'UNKNOWN']

/** One request waits so long for another phase; services of UWS 1.0 answer at once. */
const WAIT_SECONDS = 20
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/**
 * Waits until a job has ended.
 *
 * @param onPhase hears of each phase
 * @throws ServiceError, RefusedQueryError for a job that has failed
 */
export async function waitForJob(
  service: ServiceAddress,
  address: string,
  onPhase: (phase: string) => void,
): Promise<UwsJob> {
  let pause = SHORTEST_PAUSE_MS
  for (;;) {
    const asked = performance.now()
    const job = await readJob(service, address, WAIT_SECONDS)
    onPhase(job.phase)
    if (!ACTIVE.includes(job.phase)) return requireSuccess(service, address, job)
    if (performance.now() - asked > SHORTEST_PAUSE_MS) continue
    await new Promise((done) => setTimeout(done, pause))
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)
  }
}

function requireSuccess({ url }: ServiceAddress, address: string, job: UwsJob): UwsJob {
  if (job.phase === 'COMPLETED') return job
  if (job.phase === 'ERROR') throw new RefusedQueryError(job.error ?? `the job ${address} has failed`)
  throw new ServiceError(url, `the job ${address} is ${job.phase}${job.error === null ? '' : `: ${job.error}`}`)
}

/** The rows of a job that is COMPLETED (TAP 1.1 §2.3). */
export async function openResult({ url, token }: ServiceAddress, address: string): Promise<AsyncIterable<Uint8Array>> {
  const response = await sendRequest(url, `${address}/results/result`, { token })
  if (response.body === null) throw new ServiceError(url, `${address} has an empty result`)
  return explainingBreaks(response.body, url)
}

async function textOf({ url, token }: ServiceAddress, address: string): Promise<string> {
  const chunks: Uint8Array[] = []
  const { body } = await sendRequest(url, address, { token })
  if (body !== null) for await (const chunk of explainingBreaks(body, url)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
