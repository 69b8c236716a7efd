import { constants, openAsBlob } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import { messageOf } from '../../shared/failure.ts'
import { readVotable } from '../../shared/votable/show/read-votable.ts'
import { withFileErrors } from '../terminal/file-error.ts'
import { RefusedQueryError, ServiceError } from './service-error.ts'

export interface TapQuery {
  /** Of the service, without `/sync`. */
  readonly url: string
  readonly adql: string
  /** Value of RESPONSEFORMAT. */
  readonly format: string
  readonly maxRec: number | undefined
  /** Tables that are sent along, by their names in TAP_UPLOAD. */
  readonly uploads: ReadonlyMap<string, string>
  readonly token: string | undefined
}

/**
 * Asks a TAP service a synchronous query (TAP 1.1 §2) and gives its answer as it arrives.
 *
 * @throws ServiceError, RefusedQueryError; UsageError for files that cannot be read
 */
export async function askService(query: TapQuery): Promise<AsyncIterable<Uint8Array>> {
  const body = await bodyOf(query)
  const headers = query.token === undefined ? {} : { authorization: `Bearer ${query.token}` }
  const response = await fetch(`${query.url}/sync`, { method: 'POST', body, headers }).catch((error: unknown) => {
    throw new ServiceError(query.url, `did not answer: ${reasonOf(error)}`, error)
  })
  if (response.body === null) throw new ServiceError(query.url, `answered ${response.status} and nothing else`)
  const answer = explainingBreaks(response.body, query.url)
  if (response.ok) return answer
  throw await readRefusal(query.url, response, answer)
}

async function bodyOf({ adql, format, maxRec, uploads }: TapQuery): Promise<FormData | URLSearchParams> {
  const parameters = [
    ['REQUEST', 'doQuery'],
    ['LANG', 'ADQL'],
    ['RESPONSEFORMAT', format],
    // Services of TAP 1.0 know it by this name.
    ['FORMAT', format],
    ...(maxRec === undefined ? [] : [['MAXREC', String(maxRec)]]),
    ['QUERY', adql],
  ]
  if (uploads.size === 0) return new URLSearchParams(parameters)
  const form = new FormData()
  for (const [name = '', value = ''] of parameters) form.append(name, value)
  const names = [...uploads.keys()]
  form.append('UPLOAD', names.map((name, index) => `${name},param:table${index}`).join(';'))
  for (const [index, path] of [...uploads.values()].entries()) {
    const content = await withFileErrors(path, async () => {
      // Says what is wrong with a path; `openAsBlob` does not.
      await access(path, constants.R_OK)
      return openAsBlob(path, { type: mediaTypeOf(path) })
    })
    form.append(`table${index}`, content, basename(path))
  }
  return form
}

const MEDIA_TYPES: Readonly<Record<string, string>> = { csv: 'text/csv', tsv: 'text/tab-separated-values' }

function mediaTypeOf(path: string): string {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
  return MEDIA_TYPES[ending] ?? 'application/x-votable+xml'
}

async function* explainingBreaks(body: AsyncIterable<Uint8Array>, url: string): AsyncGenerator<Uint8Array> {
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
