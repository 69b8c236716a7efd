import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import { nearMiss } from '../../shared/near-miss.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'

/** @throws HttpError 404 */
export function findServer(servers: ReadonlyMap<string, ServedTap>, name: string): ServedTap {
  const found = servers.get(name)
  if (found !== undefined) return found
  const known = [...servers.keys()]
  const meant = nearMiss(name, known)
  const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`
  const msg = `no TAP service is called ${JSON.stringify(name)}: ${hint}`
  throw new HttpError(404, { msg, type: 'server_not_found', loc: ['path', 'server'] })
}
