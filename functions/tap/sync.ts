import { noteFailedQuery } from '../../shared/deployment/note-failed-query.ts'
import { readQueryTables } from '../../shared/deployment/read-user-tables.ts'
import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import type { ApiRequest, ApiResponse } from '../../shared/platform/http/route.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { answerQuery } from '../../shared/tap/answer-query.ts'
import { describeQueryError } from '../../shared/tap/describe-query-error.ts'
import { readParameters, type TapRequest } from '../../shared/tap/parameters.ts'
import { toHttpError } from './error-document.ts'
import { readerOf } from './quota-holder.ts'
import { ABORTED, COMPLETED, type EndRecord, failed, recordSync } from './sync-record.ts'

/** Whether rows are left out, for formats that cannot say it: `true` or `false`. */
export const OVERFLOW = 'tap-overflow'

/**
 * Answers a query with its rows, as they come (TAP 1.1 §2.2).
 *
 * @throws HttpError, and Failures of the database
 */
export async function answerSync(
  served: ServedTap,
  request: Pick<ApiRequest, 'form' | 'signal' | 'caller'>,
  logger: Logger,
): Promise<ApiResponse> {
  const { form, signal } = request
  const { limits } = served.service
  const asked = readParameters(form.pairs, limits)
  const { query, format } = asked
  const end = await recordSync(served, request, asked.runId, logger)
  const fail = (error: unknown, release: string | null) => {
    const message = describeQueryError(error, query)
    if (signal.aborted) end({ ...ABORTED, release })
    else {
      end({ ...failed(message), release })
      void noteFailedQuery(served, error, logger)
    }
    return message
  }
  try {
    const userTables = await readQueryTables(served, readerOf(request.caller))
    const { body, release, summary } = await answerQuery(await served.open(), asked, {
      userTables,
      ...{ form, signal, uploads: limits.uploads, timeoutMs: limits.syncSeconds * 1000, onError: 'document' },
      describeError: (error) => fail(error, null),
    })
    return {
      headers: {
        'content-type': format.contentType,
        'content-disposition': `inline; filename="result.${format.extension}"`,
      },
      body: watched(body, { query, signal, release, end, fail }),
      trailers: { [OVERFLOW]: () => String(summary()?.overflow ?? false) },
      log: () => ({ server: served.name, ...describeForLog(asked), release, ...summary() }),
    }
  } catch (error) {
    fail(error, null)
    throw toHttpError(error, query)
  }
}

/** The text of a query belongs to its user. */
function describeForLog({ query, format, runId }: TapRequest) {
  return { queryLength: query.length, format: format.serialization, ...(runId === null ? {} : { runId }) }
}

interface Watched {
  readonly query: string
  readonly signal: AbortSignal
  readonly release: string
  readonly end: EndRecord
  fail(error: unknown, release: string): void
}

/** The body, whose end is recorded, also when nobody reads it to the end, or at all. */
function watched(
  body: AsyncIterable<Uint8Array>,
  { query, signal, release, end, fail }: Watched,
): AsyncIterable<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]()
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const result = await chunks.next()
          if (result.done === true) end({ ...(signal.aborted ? ABORTED : COMPLETED), release })
          return result
        } catch (error) {
          fail(error, release)
          throw toHttpError(error, query)
        }
      },
      async return() {
        end({ ...ABORTED, release })
        await chunks.return?.()
        return { done: true, value: undefined }
      },
    }),
  }
}
