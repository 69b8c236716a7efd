import type { ServerResponse } from 'node:http'
import { describeError } from './http-errors.ts'
import type { ApiResponse } from './http-route.ts'

interface SentError {
  readonly status: number
  readonly severity: 'warning' | 'error'
  /** For the log. */
  readonly reason: string
  readonly error?: unknown
}

/** Sends what the family's error format says about anything that was thrown. */
export function sendError(response: ServerResponse, error: unknown): SentError {
  const { status, detail, headers, severity } = describeError(error)
  send(response, { status, headers, body: { detail } })
  const reason = error instanceof Error ? error.message : String(error)
  return status >= 500 ? { status, severity, reason, error } : { status, severity, reason }
}

/** Sends an answer; returns the status that the caller sees. */
export function send(response: ServerResponse, answer: ApiResponse): number {
  const status = answer.status ?? 200
  // The framework answers itself when the process is told to stop.
  if (response.headersSent) return response.statusCode
  response.statusCode = status
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value)
  if (answer.body === undefined) {
    response.end()
    return status
  }
  const [type, text] =
    typeof answer.body === 'string' ? ['text/plain', answer.body] : ['application/json', JSON.stringify(answer.body)]
  const content = Buffer.from(text)
  response.setHeader('content-type', `${type}; charset=utf-8`)
  response.setHeader('content-length', content.length)
  response.end(content)
  return status
}
