import type { DiscoveredApi, DiscoveredDataset, DiscoveredInfluxDatabase, DiscoveryDocument } from './document.ts'
import { inOrder } from './in-order.ts'

/** The file `/etc/nublado/discovery/v1.json` that `lsst.rsp` reads inside notebooks. */
export interface NubladoForm {
  readonly datasets?: Readonly<Record<string, NubladoDataset>>
  readonly influxdb_databases?: Readonly<Record<string, NubladoInfluxDatabase>>
  readonly services?: { readonly internal: Readonly<Record<string, NubladoService>> }
}

export interface NubladoDataset {
  readonly butler_config?: string
  readonly services?: Readonly<Record<string, NubladoService>>
}

export interface NubladoService {
  readonly url: string
  readonly versions?: Readonly<Record<string, { readonly url: string }>>
}

export interface NubladoInfluxDatabase {
  readonly url: string
  readonly database: string
  readonly schema_registry: string
  readonly local: boolean
  readonly credentials_url: string
}

/** What notebooks need of a discovery document: the members of version 1 of that file, and no others. */
export function toNubladoForm(document: DiscoveryDocument): NubladoForm {
  const { datasets, influxdb_databases: databases, services } = document
  const internal = services?.internal ?? {}
  return {
    ...(datasets !== undefined && { datasets: mapValues(datasets, toDataset) }),
    ...(databases !== undefined && { influxdb_databases: mapValues(databases, toInfluxDatabase) }),
    ...(Object.keys(internal).length > 0 && { services: { internal: mapValues(internal, toService) } }),
  }
}

function toDataset({ butler_config, services }: DiscoveredDataset): NubladoDataset {
  return {
    ...(butler_config !== undefined && { butler_config }),
    ...(services !== undefined && { services: mapValues(services, toService) }),
  }
}

function toService({ url, versions }: DiscoveredApi): NubladoService {
  return { url, ...(versions !== undefined && { versions: mapValues(versions, ({ url }) => ({ url })) }) }
}

/** `local` is there even where it is false. */
function toInfluxDatabase(database: DiscoveredInfluxDatabase): NubladoInfluxDatabase {
  const { url, database: name, schema_registry, local = false, credentials_url } = database
  return { url, database: name, schema_registry, local, credentials_url }
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Readonly<Record<string, U>> {
  return inOrder(Object.entries(record).map(([key, value]) => [key, change(value)] as const))
}
