import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import domain from 'node:domain'
import { type IncomingMessage, Server, type ServerResponse } from 'node:http'
import type { Logger } from '../log/log.ts'
import { refuseUnreadable } from './client-error.ts'
import { HttpError } from './errors.ts'
import { sendError } from './response.ts'

/**
 * Makes the functions-framework leave to us what it has no option for. Its Express application is the listener of the
 * server that a request arrives at, so it is changed there, before the first request is looked at:
 *
 * - its body parsers are taken out: they unpack up to 1 GiB for anybody, before the function is called. Who needs a body
 *   reads it (body.ts);
 * - an execution id for each request, and its context, are only made where they are logged;
 * - an error that is thrown in a callback is answered without a domain (replaceDomains);
 * - a client that waits for `100 Continue` gets it only when its body is read;
 * - a malformed % in the path is answered as our errors are, and not with a page that holds a stack trace;
 * - what is no request at all, such as one with too long a query, is answered with a reason, and not without a body.
 */
export function tameFramework(logger: Logger): void {
  if (subscribed) return
  subscribed = true
  replaceDomains()
  // Such a request is none: all that is known of it is its connection.
  subscribe('net.server.socket', (message) => {
    const { server } = (message as ServerSocket).socket
    if (!(server instanceof Server) || answering.has(server)) return
    answering.add(server)
    server.on('clientError', refuseUnreadable)
  })
  subscribe('http.server.request.start', (message) => {
    const { server } = message as RequestStart
    for (const listener of server.listeners('request')) {
      if (!isExpress(listener) || tamed.has(listener)) continue
      tamed.add(listener)
      catchUncaught()
      removeBodyParsers(listener)
      if (!logsExecutionIds()) removeExecutionContext(listener)
      listener.use((error: unknown, _request: unknown, response: ServerResponse, _next: unknown) => {
        const { severity, ...failed } = sendError(response, translate(error))
        logger[severity](`request refused: ${failed.reason}`, failed)
      })
      server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
        server.emit('request', request, response)
      })
    }
  })
}

let subscribed = false
const tamed = new WeakSet<ExpressApplication>()
const answering = new WeakSet<Server>()

/** `net` notes the server at each of its connections. */
interface ServerSocket {
  readonly socket: { readonly server?: unknown }
}

interface RequestStart {
  readonly server: Server
}

type ErrorHandler = (error: unknown, request: unknown, response: ServerResponse, next: unknown) => void
type ExpressApplication = object & {
  use(handler: ErrorHandler): unknown
  readonly router: { stack: { readonly name: string }[] }
}

function isExpress(listener: unknown): listener is ExpressApplication {
  return typeof listener === 'function' && 'use' in listener && 'router' in listener
}

/** The middlewares of body-parser, as the framework puts them in: two for JSON. */
const BODY_PARSERS = ['jsonParser', 'jsonParser', 'rawParser', 'textParser', 'urlencodedParser']

/** @throws Error for a framework that reads bodies in another way: a limit that does not hold is worse than no function */
function removeBodyParsers({ router }: ExpressApplication): void {
  const names = router.stack.map(({ name }) => name).filter((name) => name.endsWith('Parser'))
  if (names.sort().join() !== BODY_PARSERS.join()) {
    throw new Error(`the functions-framework has other body parsers than those that are known: ${names.join(', ')}`)
  }
  router.stack = router.stack.filter(({ name }) => !BODY_PARSERS.includes(name))
}

/** What a tenth of a short answer's time goes into, for nothing but the lines of a log that asks for it. */
const EXECUTION_CONTEXT = ['executionContextMiddleware', 'asyncLocalStorageMiddleware']

function removeExecutionContext({ router }: ExpressApplication): void {
  router.stack = router.stack.filter(({ name }) => !EXECUTION_CONTEXT.includes(name))
}

/** Whether the framework's option is given, in either of its forms. */
function logsExecutionIds(): boolean {
  return (
    process.env.LOG_EXECUTION_ID !== undefined || process.argv.some((word) => word.startsWith('--log-execution-id'))
  )
}

/**
 * The framework runs each request in a domain, to answer 500 for what is thrown in one of its callbacks. Once there is one
 * domain, its hooks run for every promise and every socket of the process: a third of what a small query costs. What is
 * needed of a domain is to find the request that an error belongs to, and the storage that does it costs nothing.
 */
function replaceDomains(): void {
  Object.assign(domain, { create: createGuard })
}

type Answer = (error: unknown) => void
const answerOf = new AsyncLocalStorage<Answer>()

/** As much of a domain as the framework uses. */
function createGuard() {
  let answer: Answer = () => {}
  return {
    on(_event: 'error', listener: Answer) {
      answer = listener
    },
    run(work: () => void) {
      answerOf.run(answer, work)
    },
  }
}

/** The framework's own listener ends the process: that is left for errors that belong to no request. */
function catchUncaught(): void {
  if (catching) return
  catching = true
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error, origin) => {
    const answer = answerOf.getStore()
    if (answer !== undefined) answer(error)
    else for (const listener of others) listener(error, origin)
  })
}

let catching = false

function translate(error: unknown): unknown {
  if (!(error instanceof URIError)) return error
  const msg = 'a % in the path must be followed by two hexadecimal digits that make UTF-8'
  return new HttpError(400, { msg, type: 'invalid_escape', loc: ['path'] }, { cause: error })
}
