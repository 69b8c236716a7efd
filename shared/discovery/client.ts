import { isRecord } from '../is-record.ts'
import { nearMiss } from '../near-miss.ts'
import { DiscoveryError } from './client-errors.ts'
import { type FetchOptions, fetchJson } from './client-fetch.ts'
import type { DiscoveredApi, DiscoveryDocument } from './document.ts'
import { readDocument } from './read-document.ts'
import type { TapSchema } from './tap-schemas.ts'

export { DiscoveryError, type DiscoveryErrorCode } from './client-errors.ts'
export type { DiscoveryDocument } from './document.ts'
export type { TapSchema } from './tap-schemas.ts'

export interface DiscoveryClientOptions extends Partial<FetchOptions> {
  /** The discovery service, for instance `https://data.example.org/repertoire`. */
  readonly baseUrl: string
  /** How long a document holds; 5 minutes. */
  readonly lifetimeMs?: number
  /** How long after a failure an old document is answered without asking again; 10 seconds. */
  readonly retryMs?: number
  /** Told when an old document is answered because a new one cannot be had. */
  readonly onStale?: (error: unknown) => void
  readonly now?: () => number
}

/** How an InfluxDB database is reached. */
export interface InfluxDatabaseAccess {
  readonly url: string
  readonly database: string
  readonly schemaRegistry: string
  readonly local: boolean
  readonly username: string | null
  readonly password: string | null
}

/**
 * Asks a discovery service (ours, or Repertoire) where things are. The document is kept for a while, and answered even
 * if it is older when the service cannot be reached. Every method throws DiscoveryError.
 */
export class DiscoveryClient {
  readonly #url: string
  readonly #options: DiscoveryClientOptions
  readonly #fetchOptions: FetchOptions
  readonly #now: () => number
  #document: DiscoveryDocument | undefined
  #until = Number.NEGATIVE_INFINITY
  #flight: Promise<DiscoveryDocument> | undefined

  constructor(options: DiscoveryClientOptions) {
    this.#url = `${options.baseUrl.replace(/\/+$/, '')}/discovery`
    this.#options = options
    this.#fetchOptions = { fetch: options.fetch ?? globalThis.fetch, timeoutMs: options.timeoutMs ?? 10_000 }
    this.#now = options.now ?? Date.now
  }

  /** The whole document; calls at the same time share one answer. */
  async discovery(): Promise<DiscoveryDocument> {
    if (this.#document !== undefined && this.#now() < this.#until) return this.#document
    this.#flight ??= this.#refresh().finally(() => {
      this.#flight = undefined
    })
    return await this.#flight
  }

  /** Labels of the available datasets. */
  async datasets(): Promise<readonly string[]> {
    return Object.keys((await this.discovery()).datasets ?? {})
  }

  /** The URL of a service of a dataset, or of one of its versions. */
  async serviceUrl(service: string, dataset: string, version?: string): Promise<string> {
    const { datasets } = await this.discovery()
    const { services } = find(datasets, dataset, 'dataset')
    const found = find(services, service, `service of the dataset ${dataset}`)
    return version === undefined ? found.url : urlOfVersion(found, service, version)
  }

  /** The URL of a service that belongs to no dataset and is called by programs, or of one of its versions. */
  async internalServiceUrl(service: string, version?: string): Promise<string> {
    const { services } = await this.discovery()
    const found = find(services?.internal, service, 'internal service')
    return version === undefined ? found.url : urlOfVersion(found, service, version)
  }

  /** The URL of a page for people. */
  async uiUrl(service: string): Promise<string> {
    return find((await this.discovery()).services?.ui, service, 'user interface').url
  }

  /** The URL of the Butler configuration of a dataset; null: it has none. */
  async butlerConfig(dataset: string): Promise<string | null> {
    return find((await this.discovery()).datasets, dataset, 'dataset').butler_config ?? null
  }

  /** Which TAP_SCHEMA release a TAP server serves. */
  async tapSchema(server: string): Promise<TapSchema> {
    return find((await this.discovery()).tap_schemas, server, 'TAP server')
  }

  /** How to reach an InfluxDB database, with the credentials that the token opens. */
  async influxdb(label: string, token: string): Promise<InfluxDatabaseAccess> {
    const { influxdb_databases: databases } = await this.discovery()
    const { credentials_url: url } = find(databases, label, 'InfluxDB database')
    const answer = await fetchJson(url, this.#fetchOptions, token)
    return readAccess(answer, label)
  }

  /** The same of the environment's default EFD. Only our service knows which one that is, Repertoire does not. */
  async defaultInfluxdb(token: string): Promise<InfluxDatabaseAccess> {
    return readAccess(await fetchJson(`${this.#url}/influxdb/default`, this.#fetchOptions, token), 'default')
  }

  async #refresh(): Promise<DiscoveryDocument> {
    const { lifetimeMs = 300_000, retryMs = 10_000, onStale } = this.#options
    try {
      const document = readDocument(await fetchJson(this.#url, this.#fetchOptions), this.#url)
      this.#document = document
      this.#until = this.#now() + lifetimeMs
      return document
    } catch (error) {
      if (this.#document === undefined) throw error
      this.#until = this.#now() + retryMs
      onStale?.(error)
      return this.#document
    }
  }
}

function urlOfVersion({ versions }: DiscoveredApi, service: string, version: string): string {
  return find(versions, version, `version of the service ${service}`).url
}

/** An entry by its own name; what every object has is not an entry. */
function find<T>(entries: Readonly<Record<string, T>> | undefined | null, name: string, what: string): T {
  const known = entries ?? {}
  const found = Object.hasOwn(known, name) ? known[name] : undefined
  if (found !== undefined && found !== null) return found
  const names = Object.keys(known)
  const suggestion = nearMiss(name, names)
  const hint =
    suggestion !== undefined
      ? `did you mean ${suggestion}?`
      : names.length === 0
        ? 'there are none'
        : `there are ${names.join(', ')}`
  throw new DiscoveryError('not_in_discovery', `there is no ${what} ${JSON.stringify(name)}: ${hint}`, { suggestion })
}

function readAccess(answer: unknown, label: string): InfluxDatabaseAccess {
  const members = isRecord(answer) ? answer : {}
  const { url, database, schema_registry: schemaRegistry, local, username = null, password = null } = members
  const texts = [url, database, schemaRegistry].every((member) => typeof member === 'string')
  const secrets = [username, password].every((member) => member === null || typeof member === 'string')
  if (!texts || !secrets) {
    throw new DiscoveryError(
      'discovery_invalid',
      `the answer for the InfluxDB database ${label} is not valid: members are missing`,
    )
  }
  return {
    url: String(url),
    database: String(database),
    schemaRegistry: String(schemaRegistry),
    local: local === true,
    username: username === null ? null : String(username),
    password: password === null ? null : String(password),
  }
}
