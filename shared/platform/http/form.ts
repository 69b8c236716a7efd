import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from './body.ts'
import { HttpError } from './errors.ts'
import { boundaryOf, type Part, parseMultipart, textOf } from './multipart.ts'
import { quoted } from './quoted.ts'

/** What a form holds (HTML §4.10.21), however it was sent. */
export interface Form {
  /** Names and values in their order; a name may come more than once. */
  readonly pairs: readonly (readonly [name: string, value: string])[]
  /** The files of a multipart body, by the names of their parts. */
  readonly files: ReadonlyMap<string, FormFile>
}

export interface FormFile {
  readonly content: Uint8Array
  readonly contentType: string | null
}

export interface FormLimits {
  /** Of a whole body. */
  readonly bytes: number
  /** Of all names and values together. */
  readonly textBytes: number
  /** How many parts a multipart body may have. */
  readonly parts: number
  /** Whether what is not UTF-8 in hexadecimal digits is read as U+FFFD, for who refuses it in a way of its own. */
  readonly lenient?: boolean
}

/**
 * The pairs of a query string or of a body in `application/x-www-form-urlencoded`.
 *
 * @param lenient whether a `%` that is not followed by UTF-8 in hexadecimal digits is no error
 * @throws HttpError 400 for one
 */
export function parsePairs(text: string, lenient = false): Form['pairs'] {
  const read = lenient ? decodeLeniently : decode
  return text.split('&').flatMap((pair): Form['pairs'] => {
    if (pair === '') return []
    const end = pair.indexOf('=')
    return end < 0 ? [[read(pair), '']] : [[read(pair.slice(0, end)), read(pair.slice(end + 1))]]
  })
}

/**
 * Reads the form in the body of a request whose headers were checked (`checkBodyHeaders`). A body that is empty needs no
 * type.
 *
 * @throws HttpError 400, 408, 413, 415, 503
 */
export async function readForm(request: IncomingMessage, response: ServerResponse, limits: FormLimits): Promise<Form> {
  const given = request.headers['content-type'] ?? ''
  const [type = '', ...parameters] = given.split(';').map((part) => part.trim().toLowerCase())
  if (type === MULTIPART) {
    const boundary = boundaryOf(given)
    const body = await readBody(request, response, limits.bytes)
    return sortParts(parseMultipart(body, boundary, limits.parts), limits)
  }
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length) ?? ''
  if (type !== '' && (type !== URLENCODED || !/^(?:"?utf-?8"?)?$/.test(charset))) throw unsupported(given)
  const body = await readBody(request, response, Math.min(limits.bytes, limits.textBytes))
  if (type === '' && body.length > 0) throw unsupported(given)
  const { lenient = false } = limits
  return { pairs: parsePairs(lenient ? body.toString('utf8') : decodeText(body), lenient), files: new Map() }
}

function sortParts(parts: Iterable<Part>, { textBytes }: FormLimits): Form {
  const pairs: (readonly [name: string, value: string])[] = []
  const files = new Map<string, FormFile>()
  let held = 0
  for (const part of parts) {
    const { name, isFile, contentType, content } = part
    if (isFile) {
      if (files.has(name)) throw twice(name)
      files.set(name, { content, contentType })
      continue
    }
    held += name.length + content.length
    if (held > textBytes) throw tooMuchText(textBytes)
    pairs.push([name, textOf(part)])
  }
  return { pairs, files }
}

const MULTIPART = 'multipart/form-data'
const URLENCODED = 'application/x-www-form-urlencoded'

function decodeText(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw new HttpError(400, { msg: 'the form is not UTF-8', type: 'invalid_encoding', loc: ['body'] }, { cause })
  }
}

function decode(text: string): string {
  const plain = text.replaceAll('+', ' ')
  if (!plain.includes('%')) return plain
  try {
    return decodeURIComponent(plain)
  } catch (cause) {
    const msg = `a % must be followed by two hexadecimal digits that make UTF-8: ${quoted(plain)}`
    throw new HttpError(400, { msg, type: 'invalid_escape', loc: ['form'] }, { cause })
  }
}

/** As browsers read it (URL Standard §5.1). */
function decodeLeniently(text: string): string {
  return new URLSearchParams(`=${text}`).get('') ?? ''
}

function twice(name: string): HttpError {
  const msg = `two files of the form are called ${quoted(name)}`
  return new HttpError(400, { msg, type: 'duplicate', loc: ['body'] })
}

function tooMuchText(textBytes: number): HttpError {
  const msg = `the parts of the form that are not files have more than ${textBytes} bytes together`
  return new HttpError(413, { msg, type: 'body_too_large', loc: ['body'] })
}

function unsupported(given: string): HttpError {
  const found = given === '' ? 'no content-type is given' : `not ${quoted(given)}`
  const msg = `the body must be a form, ${URLENCODED} or ${MULTIPART}, in UTF-8: ${found}`
  return new HttpError(415, { msg, type: 'unsupported_media_type', loc: ['header', 'content-type'] })
}
