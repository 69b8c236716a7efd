import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import type { Route } from '../../shared/platform/http/route.ts'
import { ANONYMOUS } from '../../shared/platform/identity.ts'
import { type Authenticate, createAuthentication } from '../../shared/platform/users.ts'
import { findServer } from './find-server.ts'
import { createGoogleUsers } from './google-users.ts'
import type { NoteUser } from './note-users.ts'

type Rules = Pick<Route, 'cors' | 'identify'>

/** Who may ask what of which server, and the scripts of which web pages. */
export interface Access {
  /** For what everybody may read. */
  readonly open: Pick<Route, 'cors' | 'anonymous'>
  /** For what the server's own rule of access holds for. */
  readonly guarded: Rules
}

export function createAccess(dependencies: TapDependencies, noteUser: NoteUser): Access {
  const { servers, trustedProxy, lookUpToken, googleIdentity } = dependencies
  const guards = new Map<string, Authenticate>()
  for (const { name, service } of servers.values()) {
    const { access } = service
    if (access.type === 'google') guards.set(name, createGoogleUsers(access, googleIdentity))
    if (access.type !== 'gafaelfawr') continue
    const { scopes } = access
    guards.set(name, createAuthentication({ realm: name, scopes, trustedProxy }, lookUpToken))
  }
  const cors = (params: Readonly<Record<string, string>>) => servers.get(params.server ?? '')?.service.cors ?? []
  const identify: NonNullable<Route['identify']> = async (headers, params) => {
    const served = findServer(servers, params.server ?? '')
    const user = await guards.get(served.name)?.(headers)
    if (user === undefined) return ANONYMOUS
    noteUser(served, user.username)
    return { email: null, verified: true, actor: user.username, user }
  }
  return { open: { cors, anonymous: true }, guarded: { cors, identify } }
}
