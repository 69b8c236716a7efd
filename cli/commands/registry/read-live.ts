import { connectServers } from '../../../shared/deployment/server-connections.ts'
import type { Environment } from '../../../shared/environment/environment.ts'
import type { LiveTaps } from '../../../shared/registry/context.ts'
import { openLiveTap } from '../../../shared/registry/read-live.ts'
import { tapServers } from '../../../shared/registry/tap-servers.ts'
import { openLogger } from '../publish/open-location.ts'

/** What the TAP servers that records are about have live, by server. @throws Failure: one of them cannot be asked */
export async function readLive(environment: Environment): Promise<LiveTaps> {
  const connections = connectServers(environment, { applicationName: 'almagest registry', logger: openLogger() })
  try {
    const read = tapServers(environment).map(async (server) => {
      return [server.name, await openLiveTap(await connections.poolFor(server))()] as const
    })
    return new Map(await Promise.all(read))
  } finally {
    await connections.close()
  }
}
