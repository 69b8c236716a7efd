import { messageOf } from '../../shared/failure.ts'
import { readVotable } from '../../shared/votable/show/read-votable.ts'
import { RefusedQueryError, ServiceError } from './service-error.ts'

export interface ServiceRequest {
  readonly method?: 'POST' | 'PUT' | 'DELETE'
  readonly body?: FormData | URLSearchParams | Blob
  readonly token: string | undefined
  /** Whether an answer that leads on to another address is followed. */
  readonly follow?: boolean
}

/**
 * Sends a request to a TAP service.
 *
 * @param service the address that messages name
 * @returns an answer of 2xx; or of 3xx, where it is not followed
 * @throws ServiceError, RefusedQueryError
 */
export async function sendRequest(service: string, url: string, request: ServiceRequest): Promise<Response> {
  const { method = 'GET', body, token, follow = true } = request
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const init = {
    method,
    headers,
    redirect: follow ? 'follow' : 'manual',
    ...(body === undefined ? {} : { body }),
  } as const
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new ServiceError(service, `did not answer: ${reasonOf(error)}`, error)
  })
  if (response.ok || (!follow && response.status >= 300 && response.status < 400)) return response
  throw await readRefusal(
    service,
    response,
    response.body === null ? nothing() : explainingBreaks(response.body, service),
  )
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The same bytes; one that breaks off says so, and after how many. */
export async function* explainingBreaks(body: AsyncIterable<Uint8Array>, url: string): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.length
      yield chunk
    }
  } catch (error) {
    throw new ServiceError(url, `the answer broke off after ${bytes} bytes: ${reasonOf(error)}`, error)
  }
}

/** fetch says "fetch failed" and puts the reason beneath. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return messageOf(cause)
}

/** More of a message than anybody reads. */
const MOST_BYTES = 1_000_000
const MOST_CHARACTERS = 2_000

async function readRefusal(url: string, { status }: Response, answer: AsyncIterable<Uint8Array>) {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MOST_BYTES) break
  }
  const text = Buffer.concat(chunks).toString()
  const said = (await statusIn(chunks)) ?? plainText(text)
  if (status === 401 || status === 403)
    return new ServiceError(url, `${status}: ${said || 'it asks who you are'}; see --token`)
  if (status >= 500 || said === '') return new ServiceError(url, `answered ${status}${said === '' ? '' : `: ${said}`}`)
  return new RefusedQueryError(said)
}

/** The message of an error document (DALI 1.1 §4.4); undefined: it is none. */
async function statusIn(chunks: readonly Uint8Array[]): Promise<string | undefined> {
  async function* bytes() {
    yield* chunks
  }
  try {
    for await (const event of readVotable(bytes())) {
      if (event.kind === 'info' && event.name === 'QUERY_STATUS' && event.value === 'ERROR') return event.text
    }
  } catch {
    // Then it is another kind of document.
  }
  return undefined
}

function plainText(text: string): string {
  const isMarkup = /^\s*<(?:!doctype|html|\?xml)/i.test(text)
  const bare = isMarkup ? text.replace(/<(script|style)\b.*?<\/\1>/gis, ' ').replace(/<[^>]*>/g, ' ') : text
  const short = bare.replace(/\s+/g, ' ').trim()
  return short.length > MOST_CHARACTERS ? `${short.slice(0, MOST_CHARACTERS)}…` : short
}
