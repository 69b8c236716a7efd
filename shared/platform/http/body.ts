import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from './errors.ts'
import { quoted } from './quoted.ts'

/**
 * What all bodies may hold in memory together, in bytes, from their first byte until they are answered: an instance has
 * 512 MiB. Where a single one may be larger, two of its size fit.
 */
const ALL_BODIES = 16 * 1024 * 1024

/** How long a body may take to arrive; one that may be large, as long as a slow line needs for it. */
const BODY_MS = 30_000
const BYTES_PER_MS = 256

/**
 * Refuses by its headers alone a request whose body nobody would read: packed ones, because nobody needs them and a few
 * bytes can unpack to gigabytes, and those that say they are larger than the limit.
 *
 * @throws HttpError 413, 415
 */
export function checkBodyHeaders({ headers }: IncomingMessage, maxBytes: number): void {
  for (const [name, plain] of PLAIN) {
    const value = headers[name]
    if (value === undefined || value.split(',').every((coding) => plain.includes(coding.trim().toLowerCase()))) continue
    const msg = `the body is taken as it is, not in the ${name} ${quoted(value)}`
    const detail = { msg, type: 'unsupported_media_type', loc: ['header', name] }
    // RFC 9110 §12.5.3: what would be taken.
    throw new HttpError(415, detail, { headers: { 'accept-encoding': 'identity' } })
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
}

/** By header, the codings that leave a body as it is. */
const PLAIN: readonly (readonly [name: 'content-encoding' | 'transfer-encoding', codings: readonly string[]])[] = [
  ['content-encoding', ['', 'identity']],
  ['transfer-encoding', ['', 'chunked']],
]

/**
 * Reads the body of a request whose headers were checked, however it is sent. At no time does it hold more than the
 * limit, nor all of them together more than an instance can bear.
 *
 * @throws HttpError 400 for a body that breaks off, 408 for one that is too slow, 413, 503 when too many are read
 */
export function readBody(request: IncomingMessage, response: ServerResponse, maxBytes: number): Promise<Buffer> {
  if (request.headers.expect !== undefined) response.writeContinue()
  return new Promise((done, fail) => {
    const chunks: Buffer[] = []
    let held = 0
    const release = () => {
      inMemory -= held
      held = 0
    }
    const finish = () => {
      clearTimeout(timer)
      request.off('data', take).off('end', succeed).off('error', breakOff).off('close', breakOff)
    }
    const succeed = () => {
      finish()
      if (response.destroyed) release()
      else response.once('close', release)
      done(Buffer.concat(chunks))
    }
    const refuse = (error: HttpError) => {
      finish()
      release()
      // What still comes is thrown away as it comes, so that the client gets to read the answer.
      request.on('error', ignore).resume()
      fail(error)
    }
    const take = (chunk: Buffer) => {
      chunks.push(chunk)
      held += chunk.length
      inMemory += chunk.length
      if (held > maxBytes) refuse(tooLarge(maxBytes))
      else if (inMemory > Math.max(ALL_BODIES, 2 * maxBytes)) refuse(tooMany())
    }
    const breakOff = () => refuse(new HttpError(400, BROKEN_OFF))
    const patience = Math.max(BODY_MS, Math.ceil(maxBytes / BYTES_PER_MS))
    const timer = setTimeout(() => refuse(tooSlow(patience)), patience)
    request.on('data', take).on('end', succeed).on('error', breakOff).on('close', breakOff)
    if (request.destroyed) breakOff()
  })
}

/** Of all bodies that are not answered yet, in bytes. */
let inMemory = 0

function ignore(): void {}

const BROKEN_OFF = { msg: 'the body breaks off', type: 'body_incomplete', loc: ['body'] }

function tooLarge(maxBytes: number): HttpError {
  const msg = `the body is larger than ${maxBytes} bytes`
  return new HttpError(413, { msg, type: 'body_too_large', loc: ['body'] })
}

function tooSlow(milliseconds: number): HttpError {
  const msg = `the body did not arrive within ${Math.round(milliseconds / 1000)} s`
  return new HttpError(408, { msg, type: 'body_too_slow', loc: ['body'] }, { headers: { connection: 'close' } })
}

function tooMany(): HttpError {
  const msg = 'too many bodies arrive at the same time: try again'
  return new HttpError(503, { msg, type: 'busy' }, { headers: { 'retry-after': '1' } })
}
