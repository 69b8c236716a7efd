import { compareCodePoints } from '../code-points.ts'
import type { DiscoveryConfig } from '../environment/discovery/discovery.ts'
import type { DatasetConfig } from '../environment/discovery/repertoire.ts'
import { buildDataServices, buildServices } from './build-services.ts'
import type {
  DiscoveredDataset,
  DiscoveredEnvironment,
  DiscoveredInfluxDatabase,
  DiscoveryDocument,
} from './document.ts'
import { inOrder } from './in-order.ts'
import { credentialsUrl } from './own-urls.ts'
import type { TapSchema } from './tap-schemas.ts'

export interface DiscoveryOptions {
  /** The public URL of this service, `pathPrefix` included. */
  readonly baseUrl: string
  /** The public URL in front of `hips.pathPrefix`; without it (or empty) no HiPS lists are named. */
  readonly hipsBaseUrl?: string | null
  readonly tapSchemas?: Readonly<Record<string, TapSchema>>
}

/**
 * The discovery document of an environment, ready to be sent: a pure function of the configuration and of what is live
 * in the databases.
 */
export function buildDiscovery(config: DiscoveryConfig, options: DiscoveryOptions): DiscoveryDocument {
  const services = buildServices(config)
  const { applications, environmentName, environment } = config
  return {
    ...(applications.length > 0 && { applications: [...applications] }),
    ...unlessEmpty('datasets', buildDatasets(config, options.hipsBaseUrl ?? null)),
    ...(environment !== null && { environment: describeEnvironment(environment) }),
    ...(environmentName !== null && { environment_name: environmentName }),
    ...unlessEmpty('influxdb_databases', buildInfluxDatabases(config, options.baseUrl)),
    ...(config.alwaysServices
      ? { services: { internal: {}, ui: {}, ...services } }
      : unlessEmpty('services', services)),
    ...unlessEmpty('tap_schemas', options.tapSchemas ?? {}),
  }
}

/** `{ [key]: value }`, or nothing at all for an empty object. */
function unlessEmpty<K extends string, V extends object>(key: K, value: V): { readonly [P in K]?: V } {
  return Object.keys(value).length === 0 ? {} : ({ [key]: value } as { readonly [P in K]?: V })
}

/** Only those that are both described and available. */
function buildDatasets(
  config: DiscoveryConfig,
  hipsBaseUrl: string | null,
): Readonly<Record<string, DiscoveredDataset>> {
  const available = [...config.datasets].filter(([name]) => config.availableDatasets.has(name))
  return inOrder(available.map(([name, dataset]) => [name, buildDataset(name, dataset, config, hipsBaseUrl)] as const))
}

function buildDataset(
  name: string,
  { description, docsUrl }: DatasetConfig,
  config: DiscoveryConfig,
  hipsBaseUrl: string | null,
): DiscoveredDataset {
  const butlerConfig = config.butlerConfigs.get(name)
  const obscoreConfig = config.obscoreConfigs.get(name)
  return {
    ...(butlerConfig !== undefined && { butler_config: butlerConfig }),
    description,
    ...(docsUrl !== null && { docs_url: docsUrl }),
    ...(obscoreConfig !== undefined && { obscore_config: obscoreConfig }),
    ...unlessEmpty('services', buildDataServices(name, config, hipsBaseUrl)),
  }
}

function describeEnvironment({
  name,
  label,
  title,
  titleLong,
  description,
  docsUrl,
}: NonNullable<DiscoveryConfig['environment']>): DiscoveredEnvironment {
  return {
    name,
    label,
    title,
    title_long: titleLong,
    ...(description !== null && { description }),
    docs_url: docsUrl,
  }
}

function buildInfluxDatabases(
  config: DiscoveryConfig,
  baseUrl: string,
): Readonly<Record<string, DiscoveredInfluxDatabase>> {
  const sorted = [...config.influxdbDatabases].sort(([a], [b]) => compareCodePoints(a, b))
  return inOrder(
    sorted.map(([label, { url, database, schemaRegistry, local, description }]) => [
      label,
      {
        url,
        database,
        schema_registry: schemaRegistry,
        ...(local && { local }),
        ...(description !== null && { description }),
        credentials_url: credentialsUrl(baseUrl, label),
      },
    ]),
  )
}
