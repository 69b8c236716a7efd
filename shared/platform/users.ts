import { HttpError } from './http/errors.ts'
import type { RequestHeaders } from './identity.ts'
import type { LookUpToken, TokenInfo } from './token-info.ts'

export interface UserOptions {
  /** What is asked for, in challenges. */
  readonly realm: string
  /** The scopes that are needed, all of them. */
  readonly scopes: readonly string[]
  /** Whether a proxy in front says who asks, and has checked the scopes. */
  readonly trustedProxy: boolean
}

/** Finds out who is asking. @throws HttpError 401 and 403, and TokenInfoError when it cannot be found out now */
export type Authenticate = (headers: RequestHeaders) => Promise<TokenInfo>

/**
 * Users as Gafaelfawr knows them. What a client sends as X-Auth-Request-* counts for nothing unless a proxy in front sets
 * it.
 *
 * @param lookUp undefined: nobody can say whom a token belongs to
 */
export function createAuthentication(options: UserOptions, lookUp: LookUpToken | undefined): Authenticate {
  const { realm, scopes, trustedProxy } = options
  return async (headers) => {
    const user = trustedProxy ? await readProxyUser(headers, options, lookUp) : undefined
    const known = user ?? (await readTokenUser(headers, realm, lookUp))
    const missing = scopes.filter((scope) => !known.scopes.includes(scope))
    if (missing.length > 0) throw forbidden(realm, known.username, missing)
    return known
  }
}

/** The proxy has checked the scopes of the route; of any others only the token that it passes on can tell. */
async function readProxyUser(
  headers: RequestHeaders,
  { realm, scopes }: UserOptions,
  lookUp: LookUpToken | undefined,
): Promise<TokenInfo | undefined> {
  const username = single(headers, 'x-auth-request-user', realm)
  if (username === undefined) return undefined
  if (!/^[^\s\p{Cc}]{1,256}$/u.test(username)) throw invalidToken(realm, 'the name of the user cannot be read')
  const token = single(headers, 'x-auth-request-token', realm)
  const info = token === undefined ? undefined : await lookUp?.(token)
  if (info !== undefined && info.username !== username) throw invalidToken(realm, 'the token is of another user')
  const { groups = [], concurrent = new Map() } = info ?? {}
  return { username, scopes: [...new Set([...scopes, ...(info?.scopes ?? [])])], groups, concurrent }
}

async function readTokenUser(
  headers: RequestHeaders,
  realm: string,
  lookUp: LookUpToken | undefined,
): Promise<TokenInfo> {
  const authorization = single(headers, 'authorization', realm)
  if (authorization === undefined) {
    throw unauthorised('a token is needed: Authorization: Bearer <token>', challengeOf(realm))
  }
  const token = BEARER.exec(authorization)?.[1] ?? readBasic(authorization)
  if (token === undefined) throw invalidToken(realm, 'authorization does not hold "Bearer" and a token')
  if (lookUp === undefined) throw invalidToken(realm, 'this environment does not look tokens up')
  const user = await lookUp(token)
  if (user === undefined) throw invalidToken(realm, 'the token is not valid')
  return user
}

const TOKEN = String.raw`[\w.~+/-]{1,2000}=*`
const BEARER = new RegExp(`^bearer +(${TOKEN}) *$`, 'i')

/** Clients that know names and passwords only send the token as one of both, as Gafaelfawr takes it. */
function readBasic(authorization: string): string | undefined {
  const encoded = /^basic +([\w+/]{1,4000}=*) *$/i.exec(authorization)?.[1]
  if (encoded === undefined) return undefined
  const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  const password = rest.join(':')
  const token = password === '' || password === 'x-oauth-basic' ? name : password
  return new RegExp(`^${TOKEN}$`).test(token) ? token : undefined
}

function single(headers: RequestHeaders, name: string, realm: string): string | undefined {
  const values = [headers[name] ?? []].flat()
  if (values.length > 1) throw invalidToken(realm, `${name} is given ${values.length} times`)
  return values[0] === '' ? undefined : values[0]
}

function challengeOf(realm: string): string {
  return `Bearer realm="${realm}"`
}

/** RFC 6750 §3. */
function invalidToken(realm: string, msg: string): HttpError {
  return unauthorised(msg, `${challengeOf(realm)}, error="invalid_token"`)
}

function unauthorised(msg: string, challenge: string): HttpError {
  const detail = { msg, type: 'unauthorised', loc: ['header', 'authorization'] }
  return new HttpError(401, detail, { headers: { 'www-authenticate': challenge } })
}

function forbidden(realm: string, username: string, missing: readonly string[]): HttpError {
  const msg = `${username} lacks the scope${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`
  const challenge = `${challengeOf(realm)}, error="insufficient_scope", scope="${missing.join(' ')}"`
  return new HttpError(403, { msg, type: 'permission_denied' }, { headers: { 'www-authenticate': challenge } })
}
