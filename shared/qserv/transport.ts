import http from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { messageOf } from '../failure.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { QservPathError, QservUnavailableError } from './errors.ts'
import { Slots } from './slots.ts'

export interface TransportOptions {
  /** `https://czar:4048`, with or without a path in front of those of the API. */
  readonly url: string
  readonly login?: { readonly user: string; readonly password: string }
  /** Certificates of the authorities that are trusted, in PEM; left out: those that Node trusts. */
  readonly ca?: string
  /** Whether any certificate will do. */
  readonly insecure?: boolean
  /** Connections at once; further requests wait. */
  readonly maxConnections: number
  /** How long an idle connection is kept. Qserv closes them after five seconds. */
  readonly keepAliveMs: number
  readonly connectMs: number
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With its query string. */
  readonly path: string
  readonly headers?: http.OutgoingHttpHeaders
  readonly body?: string | Readable
  /** How long the head of the answer may take, after the connection is there. */
  readonly headMs: number
  readonly signal?: AbortSignal
  /**
   * Whether it must not be sent twice: it gets a connection of its own, for one that was idle may be closed at that very
   * moment, and nobody could say whether the request has arrived.
   */
  readonly once?: boolean
}

export interface TransportAnswer {
  readonly headers: http.IncomingHttpHeaders
  readonly body: http.IncomingMessage
}

/**
 * HTTP/1.1 to the front end of one czar, over a pool of connections, with Basic authentication sent unasked: a czar
 * answers 200 where others answer 401 (spec/qserv.md §1.1, §1.5).
 */
export class Transport {
  readonly #options: TransportOptions
  readonly #base: URL
  readonly #agent: http.Agent
  readonly #single: http.Agent
  readonly #breaker = new CircuitBreaker()
  readonly #slots: Slots

  constructor(options: TransportOptions) {
    this.#options = options
    this.#base = new URL(options.url)
    const { ca, insecure = false, maxConnections, keepAliveMs } = options
    this.#slots = new Slots(maxConnections)
    const trust = { ...(ca === undefined ? {} : { ca }), rejectUnauthorized: !insecure }
    const module = this.#base.protocol === 'https:' ? https : http
    const pool = {
      ...trust,
      maxSockets: maxConnections,
      keepAlive: true,
      timeout: keepAliveMs,
      scheduling: 'lifo',
    } as const
    this.#agent = new module.Agent(pool)
    this.#single = new module.Agent({ ...trust, maxSockets: maxConnections })
  }

  /**
   * Resolves with the head of an answer of 200. Its body must be read or destroyed.
   *
   * @throws QservUnavailableError, and the reason of `signal`
   */
  async send(request: TransportRequest): Promise<TransportAnswer> {
    if (!this.#breaker.admits()) {
      const message = 'Qserv has not answered several times in a row, and is asked again in a moment.'
      throw new QservUnavailableError(message, { mayHaveArrived: false })
    }
    try {
      await this.#slots.enter(request.signal)
      const answer = await this.#exchange(request).catch((error: unknown) => {
        this.#slots.leave()
        throw error
      })
      answer.body.once('close', () => this.#slots.leave())
      this.#breaker.succeeded()
      return answer
    } catch (error) {
      if (error instanceof QservUnavailableError) this.#breaker.failed()
      else this.#breaker.forgotten()
      throw error
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy()
    this.#single.destroy()
  }

  #exchange({
    method,
    path,
    headers = {},
    body,
    headMs,
    signal,
    once = false,
  }: TransportRequest): Promise<TransportAnswer> {
    signal?.throwIfAborted()
    const { login, connectMs } = this.#options
    const { protocol, hostname, port, pathname } = this.#base
    const module = protocol === 'https:' ? https : http
    const secret = login === undefined ? undefined : Buffer.from(`${login.user}:${login.password}`).toString('base64')
    let mayHaveArrived = false
    return new Promise((resolve, reject) => {
      const sent = module.request({
        ...{
          protocol,
          hostname: hostname.replace(/^\[|\]$/g, ''),
          port,
          method,
          path: `${pathname.replace(/\/$/, '')}${path}`,
        },
        agent: once ? this.#single : this.#agent,
        headers: {
          accept: 'application/json',
          ...(secret === undefined ? {} : { authorization: `Basic ${secret}` }),
          ...(typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {}),
          ...headers,
        },
      })
      let timer: NodeJS.Timeout | undefined
      const expect = (milliseconds: number, what: string) => {
        clearTimeout(timer)
        timer = setTimeout(() => sent.destroy(new Error(`${what} within ${milliseconds / 1000} s`)), milliseconds)
      }
      const abort = () => sent.destroy(signal?.reason)
      const settle = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      }
      const fail = (error: unknown) => {
        settle()
        reject(signal?.aborted === true ? signal.reason : unavailable(messageOf(error), mayHaveArrived, error))
      }
      signal?.addEventListener('abort', abort)
      sent.on('socket', (socket) => {
        const connected = () => {
          mayHaveArrived = true
          // A stream can be read once: not for a connection that never comes.
          if (typeof body === 'object') body.on('error', (error) => sent.destroy(error)).pipe(sent)
          expect(headMs, 'there was no answer')
        }
        // One of the pool may be there already.
        const isSecuring = 'secureConnecting' in socket && socket.secureConnecting === true
        if (!socket.connecting && !isSecuring) return connected()
        expect(connectMs, 'there was no connection')
        socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', connected)
      })
      sent.on('error', fail)
      sent.on('response', (received) => {
        settle()
        const { statusCode = 0, headers: found } = received
        if (statusCode === 200) return resolve({ headers: found, body: received })
        received.resume()
        const what = `it answers HTTP ${statusCode} to ${method} ${path.split('?')[0]}`
        // 404 comes from Qserv itself, all others from what stands before it.
        reject(
          statusCode === 404
            ? new QservPathError(`Qserv does not know what is asked: ${what}`)
            : unavailable(what, true),
        )
      })
      if (typeof body !== 'object') sent.end(body)
    })
  }
}

function unavailable(what: string, mayHaveArrived: boolean, cause?: unknown): QservUnavailableError {
  return new QservUnavailableError(`Qserv cannot be reached now: ${what}`, { mayHaveArrived, cause })
}
