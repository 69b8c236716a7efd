import { type TapQuery, writeForm } from './query-form.ts'
import { explainingBreaks, sendRequest } from './send-request.ts'
import { ServiceError } from './service-error.ts'

/**
 * Asks a TAP service a synchronous query (TAP 1.1 §2) and gives its answer as it arrives.
 *
 * @throws ServiceError, RefusedQueryError; UsageError for files that cannot be read
 */
export async function askService(query: TapQuery): Promise<AsyncIterable<Uint8Array>> {
  const body = await writeForm(query)
  const response = await sendRequest(query.url, `${query.url}/sync`, { method: 'POST', body, token: query.token })
  if (response.body === null) throw new ServiceError(query.url, `answered ${response.status} and nothing else`)
  return explainingBreaks(response.body, query.url)
}
