import { HttpError } from '../../shared/platform/http/errors.ts'
import { ANONYMOUS, createIdentity, type IdentitySources } from '../../shared/platform/identity.ts'
import type { Authenticate } from '../../shared/platform/users.ts'

export interface GoogleOptions {
  /** What the tokens must be for, one of these. */
  readonly audience: readonly string[]
  /** E-mail addresses, and domains as `@example.org`; empty: all. */
  readonly allow: readonly string[]
}

/**
 * Users by identity tokens of Google. They are called by their e-mail addresses, and each is in the group of its domain.
 *
 * @returns a function that throws HttpError 401 and 403, and CertificatesError when a token cannot be verified now
 */
export function createGoogleUsers({ audience, allow }: GoogleOptions, sources: IdentitySources = {}): Authenticate {
  const identify = createIdentity({ audience, trustPlatform: false, requireCaller: false }, sources)
  return async (headers) => {
    const { actor, email } = await identify(headers)
    if (actor === ANONYMOUS.actor) {
      const msg = 'an identity token of Google is needed: Authorization: Bearer <token>'
      const challenge = { 'www-authenticate': 'Bearer realm="tap"' }
      throw new HttpError(401, { msg, type: 'unauthorised', loc: ['header', 'authorization'] }, { headers: challenge })
    }
    const domain = email?.slice(email.lastIndexOf('@') + 1).toLowerCase()
    const names = [email?.toLowerCase(), domain === undefined ? undefined : `@${domain}`]
    if (allow.length > 0 && !allow.some((name) => names.includes(name.toLowerCase()))) {
      throw new HttpError(403, { msg: `${actor} may not use this service`, type: 'permission_denied' })
    }
    return { username: actor, scopes: [], groups: domain === undefined ? [] : [domain], concurrent: new Map() }
  }
}
