import type { ServerResponse } from 'node:http'
import { Failure, messageOf } from '../../failure.ts'
import { describeError, INTERNAL_ERROR } from './errors.ts'
import type { ApiResponse, ErrorFormat } from './route.ts'
import { type ByteStream, pour } from './stream.ts'

interface SentError {
  readonly status: number
  readonly severity: 'warning' | 'error'
  /** For the log: the stable code of the failure, and its message. */
  readonly code: string
  readonly reason: string
  readonly error?: unknown
}

/**
 * Sends what is said about anything that was thrown. Where an answer is under way already, its connection is broken.
 *
 * @param shown what the caller reads, where that is less than the log says
 */
export function sendError(
  response: ServerResponse,
  error: unknown,
  extra: Readonly<Record<string, string>> = {},
  format?: ErrorFormat,
  shown: unknown = error,
): SentError {
  const answer = describeError(shown)
  const { status, severity, headers, detail } = answer
  const isUnderWay = response.headersSent && !response.writableEnded
  if (isUnderWay) response.destroy()
  else if (format === undefined) send(response, { status, headers, body: { detail } }, extra)
  else {
    const body = format.write(answer)
    send(response, { status, headers: { ...headers, 'content-type': format.contentType }, body }, extra)
  }
  const reason = messageOf(error)
  const code = error instanceof Failure ? error.code : INTERNAL_ERROR
  return { status, severity, code, reason, ...(status >= 500 ? { error } : {}) }
}

/** Sends an answer; returns the status that the caller sees. */
export function send(
  response: ServerResponse,
  answer: ApiResponse,
  extra: Readonly<Record<string, string>> = {},
): number {
  const status = answer.status ?? 200
  // The framework answers itself when the process is told to stop.
  if (response.headersSent) return response.statusCode
  setHead(response, answer, extra)
  if (answer.body === undefined) {
    finish(response)
    return status
  }
  const [type, content] = encodeBody(answer.body)
  if (!response.hasHeader('content-type')) response.setHeader('content-type', type)
  response.setHeader('content-length', content.length)
  finish(response, content)
  return status
}

/**
 * Sends an answer whose body comes bit by bit.
 *
 * @returns the status, and whether the client took all of it
 * @throws what the body throws
 */
export async function sendStream(
  response: ServerResponse,
  answer: ApiResponse & { readonly body: ByteStream },
  extra: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly complete: boolean }> {
  const trailers = Object.entries(answer.trailers ?? {})
  const complete = await pour(response, answer.body, {
    open(isWhole) {
      setHead(response, answer, extra)
      if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/octet-stream')
      if (isWhole) for (const [name, value] of trailers) response.setHeader(name, value())
      else if (trailers.length > 0 && canTrail(response))
        response.setHeader(
          'trailer',
          trailers.map(([name]) => name),
        )
    },
    end() {
      if (response.hasHeader('trailer'))
        response.addTrailers(Object.fromEntries(trailers.map(([name, value]) => [name, value()])))
    },
  })
  return { status: response.statusCode, complete }
}

/** Only behind chunks can something follow, which clients of HTTP/1.0 do not know. */
function canTrail({ req, useChunkedEncodingByDefault }: ServerResponse): boolean {
  return useChunkedEncodingByDefault && req.method !== 'HEAD'
}

function setHead(response: ServerResponse, answer: ApiResponse, extra: Readonly<Record<string, string>>): void {
  response.statusCode = answer.status ?? 200
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  for (const headers of [answer.headers, extra]) {
    for (const name in headers) {
      const both = name === 'vary' && response.hasHeader(name) ? `${response.getHeader(name)}, ` : ''
      response.setHeader(name, `${both}${headers[name]}`)
    }
  }
}

/** How long a connection that is to be closed still takes what its client sends. */
const LINGER_MS = 5_000

/**
 * A connection that is closed while its client still sends a body is reset, and the client may lose the answer. So what
 * comes is thrown away first. (Connections that stay open are emptied by Node.js.)
 */
function finish(response: ServerResponse, content?: Uint8Array): void {
  const { req: request } = response
  const waits = request.headers.expect !== undefined
  if (response.shouldKeepAlive || request.complete || request.destroyed || waits) return void response.end(content)
  const end = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  if (content !== undefined) response.write(content)
  else response.flushHeaders()
  request.once('end', end).once('close', end).resume()
}

function encodeBody(body: unknown): readonly [string, Uint8Array] {
  if (body instanceof Uint8Array) return ['application/octet-stream', body]
  if (typeof body === 'string') return ['text/plain; charset=utf-8', Buffer.from(body)]
  return ['application/json; charset=utf-8', Buffer.from(JSON.stringify(body))]
}
