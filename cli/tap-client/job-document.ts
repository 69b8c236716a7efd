import { XmlScanner } from '../../shared/votable/show/scan-xml.ts'

/** A job as a service describes it (UWS 1.1 §2.2.2.2). Times are as they were sent; null: there is none. */
export interface UwsJob {
  readonly id: string
  readonly phase: string
  readonly owner: string | null
  readonly runId: string | null
  readonly created: string | null
  readonly started: string | null
  readonly ended: string | null
  readonly executionSeconds: number | null
  readonly destruction: string | null
  readonly parameters: readonly (readonly [name: string, value: string])[]
  readonly results: readonly { readonly href: string; readonly type: string | null; readonly bytes: number | null }[]
  readonly error: string | null
}

/** The jobs of a document: of one job, or of a list, whose jobs have little more than their phases. */
export function readJobs(document: string): readonly UwsJob[] {
  const jobs: JobReader[] = []
  const open: { readonly name: string; readonly attributes: ReadonlyMap<string, string>; text: string }[] = []
  for (const token of new XmlScanner().push(document)) {
    if (token.kind === 'text') {
      const last = open.at(-1)
      if (last !== undefined) last.text += token.text
    } else if (token.kind === 'open') {
      open.push({ name: token.name, attributes: token.attributes, text: '' })
      if (token.name === 'job' || token.name === 'jobref') jobs.push(new JobReader(token.attributes.get('id')))
    } else {
      const closed = open.pop()
      if (closed !== undefined) jobs.at(-1)?.take(closed.name, closed.attributes, closed.text)
    }
  }
  return jobs.map((job) => job.read())
}

class JobReader {
  readonly #texts = new Map<string, string>()
  readonly #parameters: (readonly [string, string])[] = []
  readonly #results: UwsJob['results'][number][] = []

  constructor(id: string | undefined) {
    if (id !== undefined) this.#texts.set('jobId', id)
  }

  take(name: string, attributes: ReadonlyMap<string, string>, text: string): void {
    if (name === 'parameter') this.#parameters.push([attributes.get('id') ?? '', text])
    else if (name === 'result') {
      const size = attributes.get('size')
      const href = attributes.get('xlink:href') ?? attributes.get('href') ?? ''
      this.#results.push({
        href,
        type: attributes.get('mime-type') ?? null,
        bytes: size === undefined ? null : Number(size),
      })
    } else if (text.trim() !== '') this.#texts.set(name, text.trim())
  }

  read(): UwsJob {
    const text = (name: string) => this.#texts.get(name) ?? null
    const seconds = text('executionDuration')
    return {
      ...{ id: text('jobId') ?? '', phase: text('phase') ?? 'UNKNOWN', owner: text('ownerId'), runId: text('runId') },
      ...{ created: text('creationTime'), started: text('startTime'), ended: text('endTime') },
      executionSeconds: seconds === null ? null : Number(seconds),
      destruction: text('destruction'),
      ...{ parameters: this.#parameters, results: this.#results, error: text('message') },
    }
  }
}
