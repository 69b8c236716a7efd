import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { ApiError, invalid } from './failures.ts'

/** A request whose body has arrived whole. */
export interface GcsRequest {
  readonly method: string
  /** Uploads have an address space of their own (`/upload/storage/v1/…`). */
  readonly kind: 'api' | 'upload'
  /** Without the prefix: `/b/releases/o/…`, still percent-encoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = Buffer.from(JSON.stringify(value))
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8', ...headers }, body }
}

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers, body: Buffer.alloc(0) }
}

/** Google's error JSON; an error that is not ours becomes a 500. */
export function errorReply(error: unknown): Reply {
  const { status, reason, message } =
    error instanceof ApiError ? error : new ApiError(500, 'backendError', `internal error: ${error}`)
  return json({ error: { code: status, message, errors: [{ message, domain: 'global', reason }] } }, status)
}

export function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...headers, ...(status !== 204 && { 'content-length': String(body.length) }) })
  response.end(body)
}

/** The JSON object in a body; an empty body is an empty object. */
export function parseJsonObject(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    throw new ApiError(400, 'parseError', 'Parse Error')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('The body must be a JSON object.')
  }
  return { ...value }
}
