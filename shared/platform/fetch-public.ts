import { lookup as resolve } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { Failure } from '../failure.ts'
import { isPublicAddress } from './public-address.ts'

/** What a user's address leads to could not be fetched, or may not be. */
export class FetchPublicError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('malformed', 'fetch_refused', message, { cause })
  }
}

export interface FetchedContent {
  readonly contentType: string | null
  /** To be read once, or to be let go of by its iterator's `return`. @throws FetchPublicError */
  readonly content: AsyncIterable<Uint8Array>
}

/** Gets what lies at an address that a user gives. @throws FetchPublicError */
export type FetchPublic = (
  url: string,
  options: { readonly maxBytes: number; readonly signal?: AbortSignal },
) => Promise<FetchedContent>

export interface FetchPublicOptions {
  /** Hosts, or `host:port`, that may have private addresses. */
  readonly privateHosts: readonly string[]
  /** For the whole of it, redirects included. */
  readonly timeoutMs: number
  /** How names are resolved; default as the system does it. */
  readonly lookup?: LookupFunction
}

const MAX_REDIRECTS = 5
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }
const REDIRECTS = [301, 302, 303, 307, 308]

/**
 * Fetches from the public internet alone: neither loopback nor private networks nor the cloud's metadata server, in
 * whatever notation, by name or by redirect. A name is resolved once, by the connection itself, and only public addresses
 * are connected to, so that it cannot mean another address a moment later. No credentials are sent.
 */
export function createFetchPublic({ privateHosts, timeoutMs, lookup = resolve }: FetchPublicOptions): FetchPublic {
  const trusted = new Set(privateHosts.map((host) => host.toLowerCase()))
  return async (address, { maxBytes, signal }) => {
    const time = AbortSignal.timeout(timeoutMs)
    const abort = signal === undefined ? time : AbortSignal.any([time, signal])
    const explain = (error: unknown) => {
      if (time.aborted) return new FetchPublicError(`it did not arrive within ${timeoutMs / 1000} s`, error)
      return error instanceof FetchPublicError ? error : new FetchPublicError(describe(error), error)
    }
    try {
      const response = await followRedirects(address, trusted, lookup, abort)
      const { 'content-length': length, 'content-type': contentType = null } = response.headers
      if (Number(length ?? 0) > maxBytes) {
        response.destroy()
        throw tooLarge(maxBytes)
      }
      return { contentType, content: readContent(response, maxBytes, explain) }
    } catch (error) {
      throw explain(error)
    }
  }
}

async function followRedirects(
  address: string,
  trusted: ReadonlySet<string>,
  lookup: LookupFunction,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  let url = parse(address)
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const port = url.port || DEFAULT_PORTS[url.protocol]
    const isTrusted = trusted.has(url.hostname) || trusted.has(`${url.hostname}:${port}`)
    const response = await request(url, isTrusted ? lookup : publicLookup(url, lookup), signal)
    const { statusCode = 0, headers } = response
    if (statusCode === 200) {
      const coding = headers['content-encoding']?.toLowerCase() ?? 'identity'
      if (['identity', 'gzip', 'x-gzip'].includes(coding)) return response
      response.destroy()
      throw new FetchPublicError(`it comes in the content-encoding ${JSON.stringify(coding.slice(0, 40))}`)
    }
    response.destroy()
    if (!REDIRECTS.includes(statusCode))
      throw new FetchPublicError(`the server answers with status ${statusCode}, not 200`)
    if (headers.location === undefined) throw new FetchPublicError('the server redirects to nowhere')
    url = parse(headers.location, url)
  }
  throw new FetchPublicError(`the server redirects more than ${MAX_REDIRECTS} times`)
}

function parse(address: string, base?: URL): URL {
  const url = URL.parse(address, base)
  if (url === null) throw new FetchPublicError('it is not a URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new FetchPublicError(`only http and https are possible, not ${url.protocol.slice(0, -1).slice(0, 40)}`)
  }
  if (url.username !== '' || url.password !== '')
    throw new FetchPublicError('a URL with a user or password is not taken')
  return url
}

/** Resolves names to public addresses alone. An address in the URL is checked at once: nobody looks it up. */
function publicLookup({ hostname }: URL, lookup: LookupFunction): LookupFunction {
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0 && !isPublicAddress(literal)) throw notPublic()
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses = Array.isArray(found) ? found : []
      const [first] = addresses
      if (error !== null) done(error, '')
      else if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) done(notPublic(), '')
      else if (options.all === true) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }
}

function notPublic(): FetchPublicError {
  return new FetchPublicError('its host is not on the public internet')
}

function request(url: URL, lookup: LookupFunction, signal: AbortSignal): Promise<http.IncomingMessage> {
  const { get } = url.protocol === 'https:' ? https : http
  const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Almagest' }
  return new Promise((done, fail) => {
    // A connection of its own: one that is kept could have been made to another address.
    get(url, { lookup, signal, headers, agent: false }, done).on('error', fail)
  })
}

async function* readContent(
  response: http.IncomingMessage,
  maxBytes: number,
  explain: (error: unknown) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  let count = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      count += chunk.length
      if (count > maxBytes) throw tooLarge(maxBytes)
      yield chunk
    }
  } catch (error) {
    throw explain(error)
  }
}

function tooLarge(maxBytes: number): FetchPublicError {
  return new FetchPublicError(`it has more than ${maxBytes} bytes, the limit of this service`)
}

/** What the user reads of an error of the network: nothing of our own addresses. */
function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const isCertificate = /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)
  return NETWORK_ERRORS[code] ?? (isCertificate ? 'the certificate of its host is not valid' : 'the connection failed')
}

const NETWORK_ERRORS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host is not known',
  EAI_AGAIN: 'its host could not be looked up',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was lost',
  ABORT_ERR: 'the request was ended',
}
