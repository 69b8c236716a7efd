import { createHmac, randomBytes } from 'node:crypto'
import { Failure } from '../failure.ts'
import { fetchLimited } from './fetch-limited.ts'

/** Whom a token belongs to (Gafaelfawr's `/auth/api/v1/token-info`). */
export interface TokenInfo {
  readonly username: string
  readonly scopes: readonly string[]
}

export interface TokenInfoOptions {
  /** The endpoint. */
  readonly url: string
  readonly timeoutMs?: number
  /** How long an answer holds, at most until the token expires. */
  readonly lifetimeMs?: number
  readonly now?: () => number
}

/** Nobody can say now whom a token belongs to. Nothing is given out until somebody can. */
export class TokenInfoError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('unavailable', 'token_info', `who is asking cannot be found out at the moment: ${message}`, { cause })
  }
}

/** undefined: the token is not valid. */
export type LookUpToken = (token: string) => Promise<TokenInfo | undefined>

const MAX_ENTRIES = 1_000
/** A token that was refused may be asked about again soon. */
const REFUSED_MS = 5_000
const MAX_BYTES = 64 * 1024

/**
 * Looks tokens up at Gafaelfawr. Answers are kept for a moment, under a keyed hash of the token; the token itself is
 * neither kept nor logged.
 *
 * @returns a function that throws TokenInfoError when the endpoint gives no clear answer
 */
export function createTokenInfo(options: TokenInfoOptions): LookUpToken {
  const { lifetimeMs = 30_000, now = Date.now } = options
  const key = randomBytes(32)
  const cache = new Map<string, { readonly until: number; readonly answer: Promise<Answer> }>()
  return async (token) => {
    const hash = createHmac('sha256', key).update(token).digest('base64')
    const known = cache.get(hash)
    if (known !== undefined && now() < known.until) return (await known.answer).info
    const answer = ask(token, options)
    const keep = (until: number) => {
      cache.delete(hash)
      cache.set(hash, { until, answer })
      for (const oldest of cache.keys()) if (cache.size > MAX_ENTRIES) cache.delete(oldest)
    }
    keep(Number.POSITIVE_INFINITY)
    try {
      const { info, expires } = await answer
      keep(Math.min(now() + (info === undefined ? REFUSED_MS : lifetimeMs), expires))
      return info
    } catch (error) {
      if (cache.get(hash)?.answer === answer) cache.delete(hash)
      throw error
    }
  }
}

interface Answer {
  readonly info: TokenInfo | undefined
  /** Milliseconds since the epoch. */
  readonly expires: number
}

const NEVER = Number.POSITIVE_INFINITY

async function ask(token: string, { url, timeoutMs = 5_000, now = Date.now }: TokenInfoOptions): Promise<Answer> {
  const limits = { timeoutMs, maxBytes: MAX_BYTES }
  const { status, text } = await fetchLimited(url, { authorization: `Bearer ${token}` }, limits).catch((error) => {
    throw new TokenInfoError('the token service does not answer', error)
  })
  if (status === 401 || status === 403) return { info: undefined, expires: NEVER }
  if (status !== 200) throw new TokenInfoError(`the token service answered ${status}`)
  const { username, scopes, expires } = parseAnswer(text)
  if (expires <= now()) return { info: undefined, expires: NEVER }
  return { info: { username, scopes }, expires }
}

function parseAnswer(text: string): TokenInfo & { readonly expires: number } {
  const { username, scopes = [], expires } = parseObject(text)
  if (typeof username !== 'string' || !/^[^\s\p{Cc}]{1,256}$/u.test(username)) throw unclear('no username')
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) throw unclear('no list of scopes')
  if (expires === undefined || expires === null) return { username, scopes, expires: NEVER }
  const milliseconds = typeof expires === 'number' ? expires * 1000 : Date.parse(String(expires))
  if (Number.isNaN(milliseconds)) throw unclear('an expiry that is not a time')
  return { username, scopes, expires: milliseconds }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // Said below. The answer may name the token: it is not quoted.
  }
  throw unclear('something that is not a JSON object')
}

function unclear(what: string): TokenInfoError {
  return new TokenInfoError(`the token service answered with ${what}`)
}
