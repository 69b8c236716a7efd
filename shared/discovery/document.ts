import type { TapSchema } from './tap-schemas.ts'

/**
 * The discovery document as it is sent: members that equal their default are not there. `JSON.stringify` gives the bytes
 * that Repertoire gives for the same configuration.
 */
export interface DiscoveryDocument {
  readonly applications?: readonly string[]
  readonly datasets?: Readonly<Record<string, DiscoveredDataset>>
  /** 3.x. */
  readonly environment?: DiscoveredEnvironment
  readonly environment_name?: string
  readonly influxdb_databases?: Readonly<Record<string, DiscoveredInfluxDatabase>>
  readonly services?: DiscoveredServices
  /** Ours: what is live in each TAP server's database. */
  readonly tap_schemas?: Readonly<Record<string, TapSchema>>
}

export interface DiscoveredDataset {
  readonly butler_config?: string
  readonly description?: string
  readonly docs_url?: string
  /** 3.x. */
  readonly obscore_config?: string
  readonly services?: Readonly<Record<string, DiscoveredApi>>
}

export interface DiscoveredServices {
  readonly internal?: Readonly<Record<string, DiscoveredApi>>
  readonly ui?: Readonly<Record<string, DiscoveredUi>>
}

export interface DiscoveredUi {
  readonly url: string
  /** 3.x, like the next two. */
  readonly title?: string
  readonly docs_url?: string
  readonly required_scopes?: readonly string[]
}

export interface DiscoveredApi extends DiscoveredUi {
  readonly openapi?: string
  /** 3.x. */
  readonly quota_labels?: Readonly<Record<string, { readonly title: string; readonly internal?: true }>>
  readonly versions?: Readonly<Record<string, { readonly url: string }>>
}

export interface DiscoveredEnvironment {
  readonly name: string
  readonly label: string
  readonly title: string
  readonly title_long: string
  readonly description?: string
  readonly docs_url: string
}

export interface DiscoveredInfluxDatabase {
  readonly url: string
  readonly database: string
  readonly schema_registry: string
  readonly local?: true
  /** 3.x. */
  readonly description?: string
  readonly credentials_url: string
}
