import { createHmac, randomBytes } from 'node:crypto'
import { Failure } from '../failure.ts'
import { isRecord } from '../is-record.ts'
import { fetchLimited } from './fetch-limited.ts'

/** Whom a token belongs to (Gafaelfawr's `/auth/api/v1/token-info`, and `/auth/api/v1/user-info`). */
export interface TokenInfo {
  readonly username: string
  readonly scopes: readonly string[]
  /** Names of the groups that the user is in. */
  readonly groups: readonly string[]
  /** How many queries the user may run at once, by the name of the service (`quota.tap`). */
  readonly concurrent: ReadonlyMap<string, number>
}

export interface TokenInfoOptions {
  /** The endpoint. */
  readonly url: string
  /** Where groups and quotas are, if not in the answer of the former; null: nowhere. */
  readonly userInfoUrl?: string | null
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

async function ask(token: string, options: TokenInfoOptions): Promise<Answer> {
  const { url, userInfoUrl = null, now = Date.now } = options
  const [answer, about] = await Promise.all([
    fetchInfo(url, token, options),
    userInfoUrl === null ? null : fetchInfo(userInfoUrl, token, options),
  ])
  if (answer === null || (userInfoUrl !== null && about === null)) return { info: undefined, expires: NEVER }
  const { username, scopes, expires } = parseToken(answer)
  if (about !== null && about.username !== username) throw unclear('another user than the user service')
  if (expires <= now()) return { info: undefined, expires: NEVER }
  return { info: { username, scopes, ...parseUser(about ?? answer) }, expires }
}

type Fields = Readonly<Record<string, unknown>>

/** null: the token is not valid. */
async function fetchInfo(url: string, token: string, { timeoutMs = 5_000 }: TokenInfoOptions): Promise<Fields | null> {
  const limits = { timeoutMs, maxBytes: MAX_BYTES }
  const { status, text } = await fetchLimited(url, { authorization: `Bearer ${token}` }, limits).catch((error) => {
    throw new TokenInfoError('the token service does not answer', error)
  })
  if (status === 401 || status === 403) return null
  if (status !== 200) throw new TokenInfoError(`the token service answered ${status}`)
  return parseObject(text)
}

function parseToken({ username, scopes = [], expires }: Fields) {
  if (typeof username !== 'string' || !/^[^\s\p{Cc}]{1,256}$/u.test(username)) throw unclear('no username')
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) throw unclear('no list of scopes')
  if (expires === undefined || expires === null) return { username, scopes, expires: NEVER }
  const milliseconds = typeof expires === 'number' ? expires * 1000 : Date.parse(String(expires))
  if (Number.isNaN(milliseconds)) throw unclear('an expiry that is not a time')
  return { username, scopes, expires: milliseconds }
}

/** Groups are objects with a name, or names. What is not there is not granted. */
function parseUser({ groups, quota }: Fields): Pick<TokenInfo, 'groups' | 'concurrent'> {
  const given: readonly unknown[] = Array.isArray(groups) ? groups : []
  const names = given.map((group) => (isRecord(group) ? group.name : group))
  const services = isRecord(quota) && isRecord(quota.tap) ? Object.entries(quota.tap) : []
  const concurrent = services.map(([name, service]) => [name, isRecord(service) ? service.concurrent : null] as const)
  return {
    groups: names.filter((name) => typeof name === 'string'),
    concurrent: new Map(concurrent.filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]))),
  }
}

function parseObject(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {
    // Said below. The answer may name the token: it is not quoted.
  }
  throw unclear('something that is not a JSON object')
}

function unclear(what: string): TokenInfoError {
  return new TokenInfoError(`the token service answered with ${what}`)
}
