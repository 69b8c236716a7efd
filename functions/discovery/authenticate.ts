import type { DiscoveryConfig } from '../../shared/environment/discovery/discovery.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import type { RequestHeaders } from '../../shared/platform/identity.ts'
import type { LookUpToken } from '../../shared/platform/token-info.ts'

/** A user who may read credentials. */
export interface User {
  readonly username: string
  readonly scopes: readonly string[]
}

type AccessConfig = Pick<DiscoveryConfig, 'influxdbScopes' | 'trustedProxy'>

/**
 * Finds out who is asking. What a client sends as X-Auth-Request-* counts for nothing unless the environment says that
 * a proxy in front sets it.
 *
 * @returns a function that throws HttpError 401 and 403, and TokenInfoError when it cannot be found out now
 */
export function createAuthentication(
  { influxdbScopes, trustedProxy }: AccessConfig,
  lookUp: LookUpToken | undefined,
): (headers: RequestHeaders) => Promise<User> {
  return async (headers) => {
    const user = trustedProxy ? await readProxyUser(headers, influxdbScopes, lookUp) : undefined
    const known = user ?? (await readTokenUser(headers, lookUp))
    const missing = influxdbScopes.filter((scope) => !known.scopes.includes(scope))
    if (missing.length > 0) throw forbidden(known.username, missing)
    return known
  }
}

/** The proxy has checked the scopes of the route; of any others only the token that it passes on can tell. */
async function readProxyUser(
  headers: RequestHeaders,
  checked: readonly string[],
  lookUp: LookUpToken | undefined,
): Promise<User | undefined> {
  const username = single(headers, 'x-auth-request-user')
  if (username === undefined) return undefined
  if (!/^[^\s\p{Cc}]{1,256}$/u.test(username)) throw unauthorised('the name of the user cannot be read')
  const token = single(headers, 'x-auth-request-token')
  const info = token === undefined ? undefined : await lookUp?.(token)
  if (info !== undefined && info.username !== username) throw unauthorised('the token is of another user')
  return { username, scopes: [...new Set([...checked, ...(info?.scopes ?? [])])] }
}

async function readTokenUser(headers: RequestHeaders, lookUp: LookUpToken | undefined): Promise<User> {
  const authorization = single(headers, 'authorization')
  if (authorization === undefined) throw unauthorised('a token is needed: Authorization: Bearer <token>', CHALLENGE)
  const token = /^bearer +([\w.~+/-]{1,2000}=*) *$/i.exec(authorization)?.[1]
  if (token === undefined) throw unauthorised('authorization does not hold "Bearer" and a token')
  if (lookUp === undefined) throw unauthorised('this environment does not look tokens up')
  const user = await lookUp(token)
  if (user === undefined) throw unauthorised('the token is not valid')
  return user
}

/** @throws HttpError 401 for a header that was sent more than once */
function single(headers: RequestHeaders, name: string): string | undefined {
  const values = [headers[name] ?? []].flat()
  if (values.length > 1) throw unauthorised(`${name} is given ${values.length} times`)
  return values[0] === '' ? undefined : values[0]
}

const CHALLENGE = 'Bearer realm="discovery"'

/** RFC 6750 §3. */
function unauthorised(msg: string, challenge = `${CHALLENGE}, error="invalid_token"`): HttpError {
  const detail = { msg, type: 'unauthorised', loc: ['header', 'authorization'] }
  return new HttpError(401, detail, { headers: { 'www-authenticate': challenge } })
}

function forbidden(username: string, missing: readonly string[]): HttpError {
  const msg = `${username} lacks the scope${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`
  const challenge = `${CHALLENGE}, error="insufficient_scope", scope="${missing.join(' ')}"`
  return new HttpError(403, { msg, type: 'permission_denied' }, { headers: { 'www-authenticate': challenge } })
}
