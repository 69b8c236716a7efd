import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import type { ApiRequest, ApiResponse } from '../../shared/platform/http/route.ts'
import { answerQuery } from '../../shared/tap/answer-query.ts'
import { describeQueryError } from '../../shared/tap/describe-query-error.ts'
import { readParameters, type TapRequest } from '../../shared/tap/parameters.ts'
import { toHttpError } from './error-document.ts'

/** Whether rows are left out, for formats that cannot say it: `true` or `false`. */
export const OVERFLOW = 'tap-overflow'

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
  const asked = readParameters(form.pairs, limits)
  const { query, format } = asked
  try {
    const { body, release, summary } = await answerQuery(await open(), asked, {
      ...{ form, signal, uploads: limits.uploads, timeoutMs: limits.syncSeconds * 1000, onError: 'document' },
      describeError: (error) => describeQueryError(error, query),
    })
    return {
      headers: {
        'content-type': format.contentType,
        'content-disposition': `inline; filename="result.${format.extension}"`,
      },
      body: explained(body, query),
      trailers: { [OVERFLOW]: () => String(summary()?.overflow ?? false) },
      log: () => ({ ...describeForLog(asked), release, ...summary() }),
    }
  } catch (error) {
    throw toHttpError(error, query)
  }
}

/** The text of a query belongs to its user. */
function describeForLog({ query, format, runId }: TapRequest) {
  return { queryLength: query.length, format: format.serialization, ...(runId === null ? {} : { runId }) }
}

async function* explained(body: AsyncIterable<Uint8Array>, query: string) {
  try {
    yield* body
  } catch (error) {
    throw toHttpError(error, query)
  }
}
