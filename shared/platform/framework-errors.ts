import { subscribe } from 'node:diagnostics_channel'
import type { Server, ServerResponse } from 'node:http'
import { HttpError } from './http-errors.ts'
import { sendError } from './http-response.ts'
import type { Logger } from './log.ts'

/**
 * Makes the framework's own failures look like ours: a body that is not JSON, an unknown character set or content
 * encoding, a malformed % in the path. The framework meets them before it calls the function and would answer with
 * an HTML page holding a stack trace, and it offers no place for an error handler. Its Express application is the
 * listener of the server that a request arrives at, so the handler is added there, before the first request is looked
 * at.
 */
export function answerFrameworkErrors(logger: Logger): void {
  if (subscribed) return
  subscribed = true
  subscribe('http.server.request.start', (message) => {
    for (const listener of (message as RequestStart).server.listeners('request')) {
      if (!isExpress(listener) || mended.has(listener)) continue
      mended.add(listener)
      listener.use((error: unknown, _request: unknown, response: ServerResponse, _next: unknown) => {
        const { severity, ...failed } = sendError(response, translate(error))
        logger[severity](`request refused: ${failed.reason}`, failed)
      })
    }
  })
}

let subscribed = false
const mended = new WeakSet<ExpressApplication>()

interface RequestStart {
  readonly server: Server
}

type ErrorHandler = (error: unknown, request: unknown, response: ServerResponse, next: unknown) => void
type ExpressApplication = object & { use(handler: ErrorHandler): unknown }

function isExpress(listener: unknown): listener is ExpressApplication {
  return typeof listener === 'function' && 'use' in listener && 'locals' in listener
}

/** The errors of Express's parsers carry a status and a type. */
interface ParserError {
  readonly status: number
  readonly type?: string
  readonly message: string
}

interface Translation {
  readonly type: string
  readonly loc: readonly string[]
}

/** By the `type` of body-parser's errors. */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  'entity.parse.failed': { type: 'json_invalid', loc: ['body'] },
  'entity.too.large': { type: 'body_too_large', loc: ['body'] },
  'parameters.too.many': { type: 'body_too_large', loc: ['body'] },
  'charset.unsupported': { type: 'unsupported_media_type', loc: ['header', 'content-type'] },
  'encoding.unsupported': { type: 'unsupported_media_type', loc: ['header', 'content-encoding'] },
  'request.size.invalid': { type: 'body_incomplete', loc: ['body'] },
  'request.aborted': { type: 'body_incomplete', loc: ['body'] },
}

function translate(error: unknown): unknown {
  if (!isParserError(error)) return error
  if (error instanceof URIError) {
    const msg = 'a % in the path must be followed by two hexadecimal digits that make UTF-8'
    return new HttpError(400, { msg, type: 'invalid_escape', loc: ['path'] }, { cause: error })
  }
  const known = TRANSLATIONS[error.type ?? '']
  const { type, loc } = known ?? { type: 'bad_request', loc: ['body'] }
  const msg = type === 'json_invalid' ? `the body is not JSON: ${error.message}` : error.message
  return new HttpError(error.status, { msg, type, loc }, { cause: error })
}

function isParserError(error: unknown): error is ParserError & Error {
  return error instanceof Error && 'status' in error && Number(error.status) >= 400 && Number(error.status) < 500
}
