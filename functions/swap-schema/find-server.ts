import type pg from 'pg'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import { nearMiss } from '../../shared/near-miss.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import type { SwapDependencies } from './dependencies.ts'

/** @throws HttpError 404, and what connecting throws */
export async function findServer(
  { environment, poolFor }: SwapDependencies,
  name: string,
): Promise<{ readonly server: TapServer; readonly pool: pg.Pool }> {
  const server = environment.servers.get(name)
  if (server === undefined) throw unknownServer(name, [...environment.servers.keys()])
  return { server, pool: await poolFor(server) }
}

function unknownServer(name: string, known: readonly string[]): HttpError {
  const meant = nearMiss(name, known)
  const hint = meant === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${meant}?`
  const msg = `no TAP server is called ${JSON.stringify(name)}: ${hint}`
  return new HttpError(404, { msg, type: 'server_not_found', loc: ['path', 'server'] })
}
