import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Environment } from '../environment/environment.ts'
import { EnvironmentError } from '../environment/environment-error.ts'
import type { QservConfig } from '../environment/qserv.ts'
import { messageOf } from '../failure.ts'
import type { Logger } from '../platform/log/log.ts'
import { readSecret } from '../platform/secrets.ts'
import { QservClient } from '../qserv/client.ts'
import { openQservService, type QservServiceOptions } from '../query/qserv.ts'
import type { LiveMetadata } from '../tap/live-metadata.ts'
import type { QservBackend } from './served-tap.ts'

type Querying = Pick<
  QservServiceOptions<LiveMetadata>,
  'functions' | 'liveTables' | 'postgresql' | 'schemas' | 'limits' | 'ledger'
> & { readonly logger: Logger }

/**
 * Reaches for a Qserv as the environment describes it, with the password from the secrets directory.
 *
 * @throws SecretError, EnvironmentError
 */
export async function openQservBackend(
  environment: Environment,
  config: QservConfig,
  querying: Querying,
): Promise<QservBackend> {
  const client = await connectQserv(environment, config, querying.logger)
  const placements = config.tables.map(
    ({ table, kind, id, director }) =>
      [
        table.toLowerCase(),
        { kind, ...(id === null ? {} : { id }), ...(director === null ? {} : { director }) },
      ] as const,
  )
  const queries = openQservService({
    ...querying,
    client,
    placements: new Map(placements),
    nullText: config.nullText === 'null',
    maxResultBytes: config.limits.resultBytes,
    maxQueries: config.limits.syncQueries,
    ingestMs: 1000 * config.uploadSeconds,
    maintenance: config.maintenance,
  })
  return { config, client, queries }
}

async function connectQserv(environment: Environment, config: QservConfig, logger: Logger): Promise<QservClient> {
  const { url, user, passwordKey, caFile, insecure, sendVersion } = config
  const folder = dirname(environment.file)
  const secrets = resolve(folder, environment.secretsDirectory)
  const login =
    user === null || passwordKey === null ? undefined : { user, password: await readSecret(secrets, passwordKey) }
  const ca = caFile === null ? undefined : await readCertificates(resolve(folder, caFile))
  const warned = new Set<string>()
  return new QservClient({
    ...{ url, insecure, sendVersion },
    ...(login === undefined ? {} : { login }),
    ...(ca === undefined ? {} : { ca }),
    maxConnections: config.connections ?? numberFrom('QSERV_HTTP_MAX_CONNECTIONS') ?? 15,
    keepAliveMs: 1000 * Math.min(4, config.keepAliveSeconds ?? numberFrom('QSERV_HTTP_KEEPALIVE_TIMEOUT') ?? 4),
    connectMs: 1000 * (config.connectSeconds ?? numberFrom('QSERV_HTTP_CONNECTION_TIMEOUT') ?? 10),
    ingestMs: 1000 * config.uploadSeconds,
    onWarning(warning) {
      // Some come with each answer.
      if (warned.size >= 100 || warned.has(warning)) return
      warned.add(warning)
      logger.warning(`Qserv warns: ${warning}`)
    },
  })
}

/** What operators of the present bridge set; what is not a positive number is as if it were not there. */
function numberFrom(variable: string): number | undefined {
  const value = Number(process.env[variable])
  return Number.isFinite(value) && value > 0 ? value : undefined
}

async function readCertificates(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new EnvironmentError(`qserv.caFile cannot be read: ${messageOf(error)}`)
  })
}
