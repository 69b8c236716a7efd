import { dirname, resolve } from 'node:path'
import { loadEnvironment } from '../../shared/deployment/environment-file.ts'
import { fetchWithToken } from '../../shared/deployment/fetch-with-token.ts'
import type { DiscoveryConfig, TutorialsConfig } from '../../shared/environment/discovery/discovery.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import { lazily } from '../../shared/lazily.ts'
import { withDeadline } from '../../shared/platform/deadline.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { readSecret } from '../../shared/platform/secrets.ts'
import { createTokenInfo } from '../../shared/platform/token-info.ts'
import type { DiscoveryDependencies } from './dependencies.ts'

/** A query on a connection that has died silently. */
const QUERY_TIMEOUT_MS = 10_000
/** Connecting, with its repetitions, and the query. */
const READ_TIMEOUT_MS = 30_000
const MENU_BYTES = 16 * 1024 * 1024

/**
 * Puts together what the function works with. The clients of databases and of the object store are loaded when they are
 * first needed: most instances are started for a document that needs neither.
 *
 * @throws EnvironmentError
 */
export async function openDeployment(logger: Logger): Promise<DiscoveryDependencies> {
  const environment = await loadEnvironment(logger)
  const folder = dirname(environment.file)
  const secrets = resolve(folder, environment.secretsDirectory)
  return {
    environment,
    readLive: createLiveReader(environment, logger),
    readSecret: (key) => readSecret(secrets, key),
    fetchText: fetchWithToken,
    lookUpToken: openTokenInfo(environment.discovery),
    readTutorials: () => readMenu(environment, environment.discovery.tutorials?.menu ?? null, folder, logger),
  }
}

function openTokenInfo({ tokenInfoUrl }: DiscoveryConfig) {
  return tokenInfoUrl === null ? undefined : createTokenInfo({ url: tokenInfoUrl })
}

function createLiveReader(environment: Environment, logger: Logger): DiscoveryDependencies['readLive'] {
  const connections = lazily(async () => {
    const { connectServers } = await import('../../shared/deployment/server-connections.ts')
    return connectServers(environment, { applicationName: 'almagest discovery', logger })
  })
  return async (server) => {
    const read = async () => {
      const { readLiveSlot } = await import('../../shared/tap-schema/live-slot.ts')
      const pool = await (await connections()).poolFor(server)
      return readLiveSlot(pool, { timeoutMs: QUERY_TIMEOUT_MS })
    }
    const expired = () => new Error(`the database of ${server.name} did not answer within ${READ_TIMEOUT_MS / 1000} s`)
    return withDeadline(read(), READ_TIMEOUT_MS, expired)
  }
}

async function readMenu(
  { storage }: Environment,
  menu: TutorialsConfig['menu'],
  folder: string,
  logger: Logger,
): Promise<string | undefined> {
  if (menu === null) return undefined
  if (menu.kind === 'file') {
    const { readFile } = await import('node:fs/promises')
    return readFile(resolve(folder, menu.path), 'utf8')
  }
  const { openBucket } = await import('../../shared/platform/storage/objects.ts')
  const found = await openBucket({ bucket: menu.bucket, ...storage }, { logger }).read(menu.object, {
    maxBytes: MENU_BYTES,
  })
  return found?.content.toString('utf8')
}
