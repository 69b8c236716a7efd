import type { Form } from '../../shared/platform/http/form.ts'
import type { ApiRequest, ApiResponse } from '../../shared/platform/http/route.ts'
import type { LiveTables } from '../../shared/query/live-tables.ts'
import type { RunningQuery } from '../../shared/query/service.ts'
import { readSyncParameters, type SyncRequest } from '../../shared/tap/parameters.ts'
import type { openUploads } from '../../shared/tap/uploads.ts'
import { type ResultSummary, writeResult } from '../../shared/votable/write-result.ts'
import type { ServedTap } from './dependencies.ts'
import { describeQueryError, toHttpError } from './error-document.ts'

/**
 * Answers a query with its rows, as they come (TAP 1.1 §2.2).
 *
 * @throws HttpError, and Failures of the database
 */
export async function answerSync(
  { service, open }: ServedTap,
  { form, signal }: Pick<ApiRequest, 'form' | 'signal'>,
): Promise<ApiResponse> {
  const { limits } = service
  const asked = readSyncParameters(form.pairs, limits)
  const { query, maxRows, format } = asked
  try {
    const { queries, describeServices, fetchUpload } = await open()
    const uploads =
      asked.uploads.length === 0
        ? []
        : await openAll(asked.uploads, form, { limits: limits.uploads, fetch: fetchUpload, signal })
    const timeoutMs = limits.syncSeconds * 1000
    const running = await queries.start({ adql: query, maxRows, uploads, timeoutMs, signal })
    const { fields, services } = await describeServices(running)
    let summary: ResultSummary | undefined
    const body = writeResult(
      running.rows,
      { fields, services, infos: describeResult(asked, running.release) },
      {
        ...{ format, maxRows, onError: 'document' },
        onEnd: (end) => {
          summary = end
        },
        describeError: (error) => describeQueryError(error, query),
      },
    )
    return {
      headers: {
        'content-type': format.contentType,
        'content-disposition': `inline; filename="result.${format.extension}"`,
      },
      body: closing(body, running, query),
      log: () => ({ ...describeForLog(asked), release: running.release.version, ...summary }),
    }
  } catch (error) {
    throw toHttpError(error, query)
  }
}

/** What reads tables is loaded with the first one: most queries bring none. */
async function openAll(values: readonly string[], form: Form, options: Parameters<typeof openUploads>[2]) {
  const { openUploads, parseUploads } = await import('../../shared/tap/uploads.ts')
  return openUploads(parseUploads(values), form, options)
}

/** What the document says of its query. */
function describeResult({ query, runId }: SyncRequest, { version }: LiveTables) {
  return [
    { name: 'QUERY', value: query },
    { name: 'release', value: version, text: 'The release of the metadata that the query was answered by' },
    ...(runId === null ? [] : [{ name: 'RUNID', value: runId }]),
  ]
}

/** The text of a query belongs to its user. */
function describeForLog({ query, format, runId }: SyncRequest) {
  return { queryLength: query.length, format: format.serialization, ...(runId === null ? {} : { runId }) }
}

/** The query ends with its document, however that ends. */
async function* closing(body: AsyncIterable<Uint8Array>, running: Pick<RunningQuery, 'close'>, query: string) {
  try {
    yield* body
  } catch (error) {
    throw toHttpError(error, query)
  } finally {
    await running.close()
  }
}
