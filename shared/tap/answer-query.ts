import type { QueryService, RunningQuery } from '../query/service.ts'
import type { UserTables } from '../query/user-tables.ts'
import { type ResultSummary, writeResult } from '../votable/write-result.ts'
import type { LiveMetadata } from './live-metadata.ts'
import type { TapRequest } from './parameters.ts'
import type { ServiceDescriptors } from './service-descriptors.ts'
import type { FetchUpload, UploadForm, UploadLimits } from './uploads.ts'

/** What queries are answered by. */
export interface TapBackend {
  readonly queries: QueryService<LiveMetadata>
  readonly describeServices: ServiceDescriptors['describe']
  readonly fetchUpload: FetchUpload
}

export interface AnswerOptions {
  /** The parts that `UPLOAD=…,param:…` names. */
  readonly form: UploadForm
  readonly uploads: UploadLimits
  /** Kept tables of users that the caller may read; left out: none. */
  readonly userTables?: UserTables | undefined
  readonly timeoutMs: number
  /** Cancels the query. */
  readonly signal: AbortSignal
  /** What becomes of an error after the first bytes: the document says it, or it is thrown. */
  readonly onError: 'document' | 'throw'
  describeError(error: unknown): string
}

export interface Answer {
  /** The result in the format that was asked for. To be read once; the query ends with it, however that ends. */
  readonly body: AsyncIterable<Uint8Array>
  /** The release by whose names the query was resolved. */
  readonly release: string
  /** Known at the end of `body`. */
  summary(): ResultSummary | undefined
}

/**
 * Starts a query and writes its result as the rows come.
 *
 * @throws what `parseUploads`, `openUploads` and `QueryService.start` throw
 */
export async function answerQuery(
  { queries, describeServices, fetchUpload }: TapBackend,
  asked: TapRequest,
  { form, uploads: limits, userTables, timeoutMs, signal, ...writing }: AnswerOptions,
): Promise<Answer> {
  const { query, maxRows, format } = asked
  const uploads =
    asked.uploads.length === 0 ? [] : await openAll(asked.uploads, form, { limits, fetch: fetchUpload, signal })
  const running = await queries.start({ adql: query, maxRows, uploads, userTables, timeoutMs, signal })
  const { fields, services } = await describeServices(running)
  const release = running.release.version
  let summary: ResultSummary | undefined
  const onEnd = (end: ResultSummary) => {
    summary = end
  }
  const head = { fields, services, infos: describeResult(asked, release) }
  const body = writeResult(running.rows, head, { format, maxRows, onEnd, ...writing })
  return { body: closing(body, running), release, summary: () => summary }
}

/** What reads tables is loaded with the first one: most queries bring none. */
export async function openAll(
  values: readonly string[],
  form: UploadForm,
  options: { readonly limits: UploadLimits; readonly fetch: FetchUpload; readonly signal: AbortSignal },
) {
  const { openUploads, parseUploads } = await import('./uploads.ts')
  return openUploads(parseUploads(values), form, options)
}

/** What the document says of its query. */
export function describeResult({ query, runId }: Pick<TapRequest, 'query' | 'runId'>, release: string) {
  return [
    { name: 'QUERY', value: query },
    { name: 'release', value: release, text: 'The release of the metadata that the query was answered by' },
    ...(runId === null ? [] : [{ name: 'RUNID', value: runId }]),
  ]
}

async function* closing(body: AsyncIterable<Uint8Array>, running: Pick<RunningQuery, 'close'>) {
  try {
    yield* body
  } finally {
    await running.close()
  }
}
