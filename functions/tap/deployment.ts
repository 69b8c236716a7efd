import { FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { loadEnvironment } from '../../shared/deployment/environment-file.ts'
import { EnvironmentError } from '../../shared/environment/failures.ts'
import type { Environment, TapServer } from '../../shared/environment/model.ts'
import type { TapService } from '../../shared/environment/tap-service.ts'
import { lazily } from '../../shared/lazily.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { createTokenInfo } from '../../shared/platform/token-info.ts'
import type { ServedTap, TapBackend, TapDependencies } from './dependencies.ts'

/**
 * Puts together what the function works with. Databases are reached for when they are first needed.
 *
 * @throws EnvironmentError
 */
export async function openDeployment(logger: Logger): Promise<TapDependencies> {
  return connectServices(await loadEnvironment(logger), logger)
}

/** The same for an environment that was read already. @throws EnvironmentError */
export function connectServices(environment: Environment, logger: Logger): TapDependencies {
  const servers = new Map<string, ServedTap>()
  for (const server of environment.servers.values()) {
    const { service } = server
    if (service !== null) servers.set(server.name, serve(environment, server, service, logger))
  }
  if (servers.size === 0) {
    throw new EnvironmentError(`no TAP server of ${environment.file} has a section service: there is nothing to serve`)
  }
  const { tokenInfoUrl, trustedProxy } = environment.discovery
  return {
    servers,
    trustedProxy,
    lookUpToken: tokenInfoUrl === null ? undefined : createTokenInfo({ url: tokenInfoUrl }),
  }
}

function serve(environment: Environment, { name }: TapServer, service: TapService, logger: Logger): ServedTap {
  const functions = FUNCTIONS.filter(({ sql }) => typeof sql.postgresql !== 'object')
  return { name, service, functions, open: lazily(() => openBackend(environment, service, logger)) }
}

/** The client of PostgreSQL is loaded with the first request that needs it. */
async function openBackend(environment: Environment, service: TapService, logger: Logger): Promise<TapBackend> {
  const [{ connectAddress }, { openPostgresqlService }, { watchLiveMetadata }] = await Promise.all([
    import('../../shared/deployment/server-connections.ts'),
    import('../../shared/query/postgresql.ts'),
    import('../../shared/tap/live-metadata.ts'),
  ])
  const { query, geometry, limits } = service
  const { role } = query
  const { pool } = await connectAddress(environment, query.database, { applicationName: 'almagest tap', logger })
  const metadata = watchLiveMetadata({ pool, role })
  const queries = openPostgresqlService({
    ...{ pool, role, geometry, logger, liveTables: metadata },
    limits: { length: limits.queryBytes, tables: limits.joins + 1 },
  })
  return { queries, metadata }
}
