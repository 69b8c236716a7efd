import { HttpError } from './errors.ts'
import { quoted } from './quoted.ts'

/** What the head of a part may hold: far more than any client writes. */
const MAX_HEAD_BYTES = 8 * 1024

const CRLF = Buffer.from('\r\n')
const BLANK_LINE = Buffer.from('\r\n\r\n')

export interface Part {
  readonly name: string
  /** Whether it has a filename, or a type other than text/plain. */
  readonly isFile: boolean
  readonly contentType: string | null
  readonly content: Buffer
}

/**
 * The parts of a body of `multipart/form-data` (RFC 7578) in their order. What they hold are views of the body, which is
 * not copied.
 *
 * @param boundary the parameter of the body's type
 * @throws HttpError 400 for a body that breaks the rules, 413 for more parts
 */
export function* parseMultipart(body: Buffer, boundary: string, maxParts: number): Generator<Part> {
  let parts = 0
  for (const { start, end } of splitParts(body, boundary)) {
    parts += 1
    if (parts > maxParts) throw tooLarge(`the form has more than ${maxParts} parts`)
    yield readPart(body.subarray(start, end), parts)
  }
}

/**
 * The boundary of a type. RFC 2046 §5.1.1 has fewer characters, and 70 at most; but STILTS sends `<` and `>`, so that only
 * what cannot stand in a line is refused.
 */
export function boundaryOf(contentType: string): string {
  const boundary = parametersOf(contentType).get('boundary')
  if (boundary === undefined) throw broken(`the content-type ${quoted(contentType)} has no boundary`)
  if (/^[ -~]{0,199}[!-~]$/.test(boundary)) return boundary
  throw broken(`${quoted(boundary)} is not a valid boundary: 1 to 200 characters of ASCII`)
}

/** Where the parts lie between their delimiters. What stands before the first and after the last is not read. */
function* splitParts(body: Buffer, boundary: string): Generator<{ readonly start: number; readonly end: number }> {
  const dashes = Buffer.from(`--${boundary}`)
  const delimiter = Buffer.concat([CRLF, dashes])
  // The first line has no line break before it.
  const first = body.subarray(0, dashes.length).equals(dashes) ? -CRLF.length : body.indexOf(delimiter)
  if (first === -1) {
    const isLineFeeds = body.includes(`\n--${boundary}`)
    throw broken(isLineFeeds ? 'lines of a multipart body must end with CR LF' : `no line is --${boundary}`)
  }
  let after = lineEnd(body, first + delimiter.length)
  if (after === undefined) throw broken(`more stands on the first line with --${boundary}`)
  while (after !== 'last') {
    const start: number = after
    // The line break before a delimiter belongs to it, also that of the head of a part without anything.
    let end = body.indexOf(delimiter, start - CRLF.length)
    after = end === -1 ? undefined : lineEnd(body, end + delimiter.length)
    while (end !== -1 && after === undefined) {
      end = body.indexOf(delimiter, end + 1)
      after = end === -1 ? undefined : lineEnd(body, end + delimiter.length)
    }
    if (after === undefined) throw broken(`the body breaks off: its last line must be --${boundary}--`)
    yield { start, end: Math.max(start, end) }
  }
}

/** What follows a delimiter: the offset behind its line, `last` for the last one; undefined: it is no delimiter. */
function lineEnd(body: Buffer, offset: number): number | 'last' | undefined {
  if (body[offset] === 0x2d && body[offset + 1] === 0x2d) return 'last'
  let at = offset
  while (body[at] === 0x20 || body[at] === 0x09) at += 1
  return body[at] === 0x0d && body[at + 1] === 0x0a ? at + CRLF.length : undefined
}

function readPart(part: Buffer, number: number): Part {
  const where = `part ${number} of the form`
  if (part.indexOf(CRLF) === 0) throw broken(`${where} has no headers`)
  const found = part.subarray(0, MAX_HEAD_BYTES).indexOf(BLANK_LINE)
  if (found === -1) {
    if (part.length >= MAX_HEAD_BYTES) throw tooLarge(`the headers of ${where} have more than ${MAX_HEAD_BYTES} bytes`)
    throw broken(`${where} has no blank line after its headers`)
  }
  const headers = readHeaders(decodeText(part.subarray(0, found), 'utf-8', `the head of ${where}`), where)
  const disposition = headers.get('content-disposition')
  if (disposition === undefined) throw broken(`${where} has no Content-Disposition`)
  if (!/^form-data[ \t]*(?:;|$)/i.test(disposition)) {
    throw broken(`the Content-Disposition of ${where} must be form-data, not ${quoted(disposition)}`)
  }
  const parameters = parametersOf(disposition)
  const name = parameters.get('name')
  if (name === undefined) throw broken(`the Content-Disposition of ${where} has no name`)
  const coding = headers.get('content-transfer-encoding')?.toLowerCase() ?? 'binary'
  if (!['7bit', '8bit', 'binary'].includes(coding)) {
    throw broken(`the part ${quoted(name)} must be sent as it is, not in ${coding} (RFC 7578 §4.7)`)
  }
  const contentType = headers.get('content-type') ?? null
  const isNamed = parameters.has('filename') || parameters.has('filename*')
  return {
    name,
    isFile: isNamed || (contentType !== null && !/^text\/plain[ \t]*(?:;|$)/i.test(contentType)),
    contentType,
    content: part.subarray(found + BLANK_LINE.length),
  }
}

function readHeaders(head: string, where: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  // A line that begins with a blank continues the one before it (RFC 5322 §2.2.3).
  for (const line of head.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const [, name, value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined) throw broken(`${quoted(line)} in the head of ${where} is not a header`)
    const key = name.toLowerCase()
    if (headers.has(key)) throw broken(`${where} has the header ${name} twice`)
    headers.set(key, value)
  }
  return headers
}

/** `; name="a \"b\""; filename=c`: the parameters of a header, their names in lower case. */
function parametersOf(header: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, token = ''] of header.matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(["\\])/g, '$1') ?? token)
  }
  return parameters
}

const PARAMETER = /;[ \t]*([^\s;="]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))/g

/**
 * What a part holds, as text.
 *
 * @throws HttpError 400 where it is not of its charset, UTF-8 if none is given
 */
export function textOf({ name, contentType, content }: Part): string {
  const charset = contentType === null ? undefined : parametersOf(contentType).get('charset')
  return decodeText(content, charset ?? 'utf-8', `the part ${quoted(name)}`)
}

function decodeText(bytes: Buffer, charset: string, what: string): string {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    if (cause instanceof RangeError) throw broken(`${what} has the unknown charset ${quoted(charset)}`)
    throw broken(`${what} is not ${charset}`)
  }
}

function broken(message: string): HttpError {
  return new HttpError(400, { msg: message, type: 'multipart_invalid', loc: ['body'] })
}

function tooLarge(message: string): HttpError {
  return new HttpError(413, { msg: message, type: 'body_too_large', loc: ['body'] })
}
