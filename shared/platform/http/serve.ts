import type { IncomingMessage, ServerResponse } from 'node:http'
import { nearMiss } from '../../near-miss.ts'
import { ANONYMOUS, type Caller, type Identify } from '../identity.ts'
import { type Logger, withTrace } from '../log/log.ts'
import { checkBodyHeaders, readBody } from './body.ts'
import { HttpError } from './errors.ts'
import { type Form, parsePairs, readForm } from './form.ts'
import { tameFramework } from './framework.ts'
import { parseJson, readObject, readQuery, requireJson } from './input.ts'
import { send, sendError, sendStream } from './response.ts'
import {
  type ApiRequest,
  type ApiResponse,
  createRouter,
  type ErrorFormat,
  paramName,
  type Route,
  type RouteMatch,
  type Router,
  templateSegments,
} from './route.ts'
import { isStream } from './stream.ts'

export interface ApiOptions {
  readonly logger: Logger
  /** Who is asking; not given: nobody is known. Throws HttpError 401 for credentials that do not hold. */
  readonly identify?: Identify
  /** What stands before the paths of the routes, `/swap-schema`, where several functions share a port. Default none. */
  readonly prefix?: string
  /** What each answer says of the software, `Almagest/1.0`; default nothing. */
  readonly server?: string
  /** What a caller reads in place of an error that says more of the deployment than he may know; the log has the error. */
  readonly conceal?: (error: unknown) => unknown
  /** Default 64 KiB. */
  readonly maxBodyBytes?: number
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** What is known of a request when its line is logged. */
interface Progress {
  /** The template; the path as it was sent where no route fits. */
  path: string
  actor: string | null
  /** What every answer of this path carries. */
  headers: Readonly<Record<string, string>>
  /** How the errors of this path are written. */
  errorFormat: ErrorFormat | undefined
}

const DEFAULT_MAX_BODY_BYTES = 64 * 1024

/**
 * An HTTP function for the functions-framework out of a table of routes. It answers every request itself, errors as
 * `{"detail":[{"msg","type","loc"?}]}`, and never throws.
 */
export function createApi(routes: readonly Route[], options: ApiOptions): Handler {
  tameFramework(options.logger)
  const router = createRouter(routes)
  const everywhere: Readonly<Record<string, string>> = options.server === undefined ? {} : { server: options.server }
  return (request, response) =>
    withTrace(request.headers, () => {
      const started = performance.now()
      const path = shorten((request.url ?? '/').split('?', 1)[0] ?? '/')
      const progress: Progress = { path, actor: null, headers: everywhere, errorFormat: undefined }
      const fields = () => ({
        method: request.method,
        path: progress.path,
        durationMs: Math.round((performance.now() - started) * 10) / 10,
        actor: progress.actor,
      })
      const report = (answer: ApiResponse, status: number, more: Readonly<Record<string, unknown>> = {}) => {
        const known = { ...fields(), status, ...answer.log?.(), ...more }
        options.logger.info(`${request.method} ${progress.path} ${status}`, known)
      }
      const succeed = (answer: ApiResponse) => {
        const { body } = answer
        if (!isStream(body)) return report(answer, send(response, answer, progress.headers))
        return sendStream(response, { ...answer, body }, progress.headers).then(({ status, complete }) =>
          report(answer, status, complete ? {} : { disconnected: true }),
        )
      }
      const fail = (error: unknown) => {
        const { severity, ...sent } = sendError(
          response,
          error,
          progress.headers,
          progress.errorFormat,
          options.conceal?.(error) ?? error,
        )
        const failed = { ...sent, reason: shorten(sent.reason) }
        options.logger[severity](`${request.method} ${progress.path} ${failed.status}: ${failed.reason}`, {
          ...fields(),
          ...failed,
        })
      }
      try {
        const answer = answerRequest(router, routes, options, request, response, progress)
        const done = answer instanceof Promise ? answer.then(succeed) : succeed(answer)
        return done?.catch(fail)
      } catch (error) {
        fail(error)
      }
    })
}

/** Callers choose paths and names: a line of the log does not grow with them. */
function shorten(text: string): string {
  return text.length <= SHORT ? text : `${text.slice(0, SHORT)}…`
}

const SHORT = 300

/**
 * Without a promise where nothing has to be waited for: the usual eight or ten cost more than everything else here.
 */
function answerRequest(
  router: Router,
  routes: readonly Route[],
  options: ApiOptions,
  request: IncomingMessage,
  response: ServerResponse,
  progress: Progress,
): ApiResponse | Promise<ApiResponse> {
  const { segments, search } = readTarget(request.url ?? '/', options.prefix ?? '')
  const matches = router(segments)
  const [first] = matches
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const match = matches.find((candidate) => candidate.route.method === method)
  progress.errorFormat = (match ?? first)?.route.errorFormat
  const formLimits = match?.route.form?.limits(match.params)
  const limit =
    formLimits?.bytes ?? match?.route.maxBytes?.(match.params) ?? options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES
  // Before anything else is said of the request: a body that is too large is refused wherever it is sent.
  checkBodyHeaders(request, limit)
  if (first === undefined) throw unknownPath(routes, segments)
  progress.path = first.route.path
  const cors = allowOrigins(matches, request.headers.origin)
  if (cors !== null) progress.headers = { ...progress.headers, ...cors }
  if (request.method === 'OPTIONS') {
    const isAllowed = cors !== null && 'access-control-allow-origin' in cors
    const preflight = isAllowed && request.headers['access-control-request-method'] !== undefined
    const allow = allowedMethods(matches)
    return { status: 204, headers: { allow, ...(preflight ? describePreflight(allow) : {}) }, body: undefined }
  }
  if (match === undefined) {
    const allow = allowedMethods(matches)
    const msg = `${request.method} is not possible here: ${allow}`
    throw new HttpError(405, { msg, type: 'method_not_allowed' }, { headers: { allow } })
  }
  const { route, params } = match
  progress.path = route.path
  const headers = request.headersDistinct
  const answerTo = (caller: Caller) => {
    progress.actor = caller.actor
    const query = formLimits !== undefined || route.ignoresQuery === true ? {} : readQuery(search, route.query ?? {})
    // `route` typed the handler after the very fields that were checked here.
    const handle = (body: unknown, form: Form) => {
      const given = {
        ...{ method, params, query, body, form, headers, caller },
        get signal() {
          return signalOf(response)
        },
      }
      return route.handle(given as ApiRequest<never, never, never>)
    }
    if (formLimits !== undefined) {
      const pairs = parsePairs(search, formLimits.lenient)
      if (method === 'GET') return handle(undefined, { pairs, files: NO_FILES })
      return readForm(request, response, formLimits).then((form) =>
        handle(undefined, { ...form, pairs: [...pairs, ...form.pairs] }),
      )
    }
    if (route.body === undefined) return handle(undefined, NO_FORM)
    if (route.body === 'bytes') return readBody(request, response, limit).then((body) => handle(body, NO_FORM))
    return readJson(route.body, request, response, limit).then((body) => handle(body, NO_FORM))
  }
  if (route.identify !== undefined) return route.identify(headers, params).then(answerTo)
  const { identify } = options
  if (route.anonymous === true || identify === undefined) return answerTo(ANONYMOUS)
  // RFC 9110 §9.2.1: a safe method changes nothing.
  return identify(headers, { changes: route.method !== 'GET' }).then(answerTo)
}

const NO_FILES: Form['files'] = new Map()
const NO_FORM: Form = { pairs: [], files: NO_FILES }

/** Made for those who ask for it. */
function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  const leave = () => {
    if (!response.writableFinished) controller.abort()
  }
  if (response.destroyed) leave()
  else response.once('close', leave)
  return controller.signal
}

async function readJson(
  expected: Exclude<NonNullable<Route['body']>, 'bytes'>,
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<unknown> {
  requireJson(request)
  const raw = await readBody(request, response, maxBytes)
  return expected === 'any' ? parseJson(raw) : readObject(raw, expected)
}

const EXPOSED = 'etag, last-modified, retry-after, tap-overflow'

/** Whether the page is of another origin makes no difference, so that shared caches may keep the answer for all. */
const CORS = { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED }

/** What an answer says of scripts of other pages; null: nothing, they cannot read it. */
function allowOrigins(
  matches: readonly RouteMatch[],
  origin: string | undefined,
): Readonly<Record<string, string>> | null {
  for (const { route, params } of matches) {
    const { cors = false } = route
    if (cors === false) continue
    const origins = cors === true ? '*' : cors(params)
    if (origins === '*') return CORS
    if (origin === undefined || !origins.includes(origin)) return { vary: 'origin' }
    return { ...CORS, 'access-control-allow-origin': origin, vary: 'origin' }
  }
  return null
}

/** Fetch §3.2.3; `*` does not stand for Authorization. The browser may remember it for a day. */
function describePreflight(allow: string): Record<string, string> {
  return {
    'access-control-allow-methods': allow,
    'access-control-allow-headers': '*, authorization',
    'access-control-max-age': '86400',
  }
}

/** Path segments, percent-decoded after they were split, so that a server's name may hold a slash. */
function readTarget(url: string, prefix: string): { segments: string[]; search: string } {
  const [path = '', ...rest] = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '').split('?')
  const below = path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined
  if (below === undefined) {
    throw new HttpError(404, { msg: `nothing is at ${path}: every path starts with ${prefix}/`, type: 'not_found' })
  }
  const raw = below.split('/').slice(1)
  if (raw.length > 1 && raw.at(-1) === '') raw.pop()
  return { segments: raw.length === 0 ? [''] : raw.map(decodeSegment), search: rest.join('?') }
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    const msg = `a % must be followed by two hexadecimal digits that make UTF-8: ${JSON.stringify(segment)}`
    throw new HttpError(400, { msg, type: 'invalid_escape', loc: ['path'] }, { cause })
  }
}

function unknownPath(routes: readonly Route[], segments: readonly string[]): HttpError {
  const paths = routes.map((route) => {
    const parts = templateSegments(route.path)
    const filled = parts.map((part, index) => (paramName(part) === undefined ? part : segments[index] || part))
    return `/${filled.join('/')}`
  })
  const path = `/${segments.join('/')}`
  const meant = nearMiss(path, paths)
  const known = [...new Set(routes.map((route) => route.path))].join(', ')
  const hint = meant === undefined ? `there are ${known}` : `did you mean ${meant}?`
  const msg = `there is nothing at ${path}: ${hint}`
  return new HttpError(404, { msg, type: 'not_found' }, { reason: 'there is nothing at this path' })
}

function allowedMethods(matches: readonly RouteMatch[]): string {
  const methods: readonly string[] = matches.map((match) => match.route.method)
  const head = methods.includes('GET') ? ['HEAD'] : []
  return [...new Set(methods), ...head, 'OPTIONS'].join(', ')
}
