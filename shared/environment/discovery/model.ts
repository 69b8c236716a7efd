import type { DatasetEntry, RegistryConfig, ServiceEntry } from './registry-model.ts'

/**
 * What an environment tells about itself: the part of the environment file that is a Repertoire configuration, in the
 * syntax of 2.x or of 3.x, and our own `discovery` section. Every default is filled in, every URL is normalised.
 */
export interface DiscoveryConfig {
  /** Deployed applications, sorted by code point. */
  readonly applications: readonly string[]
  readonly availableDatasets: ReadonlySet<string>
  /** null: the file tells nothing about an environment. */
  readonly baseHostname: string | null
  readonly butlerConfigs: ReadonlyMap<string, string>
  readonly obscoreConfigs: ReadonlyMap<string, string>
  /** Described datasets, available or not, in the order of the file. */
  readonly datasets: ReadonlyMap<string, DatasetConfig>
  readonly environment: EnvironmentDescription | null
  readonly environmentName: string | null
  readonly hips: HipsConfig | null
  /** In the order of the file. */
  readonly influxdbDatabases: ReadonlyMap<string, InfluxDatabaseConfig>
  /** By application, as they hold here: subdomains have been taken into account. */
  readonly rules: ReadonlyMap<string, readonly ServiceRule[]>
  readonly ivoaRegistry: RegistryConfig | null
  /** Of our own HTTP paths; begins with a slash, ends with none. `/` is the empty text. */
  readonly pathPrefix: string
  /** Repertoire's `name`, for the metadata of the service. */
  readonly name: string
  /** Our own public URL without `pathPrefix` and without a slash at its end; null: there is no host name either. */
  readonly publicBase: string | null
  /** URL of the releases bucket as everybody reaches it, without a slash at its end; null: it is not public. */
  readonly releasesPublicBase: string | null
  /** Whether `services` is in the document with both of its maps, be they empty. */
  readonly alwaysServices: boolean
  /** Gafaelfawr's token-info endpoint; null: tokens cannot be looked up, so credentials are given to nobody. */
  readonly tokenInfoUrl: string | null
  /** Whether a proxy in front sets `X-Auth-Request-*` and removes what clients send under these names. */
  readonly trustedProxy: boolean
  /** Label of the environment's default EFD. */
  readonly defaultInfluxDatabase: string | null
  /** Scopes that are needed for every InfluxDB database. */
  readonly influxdbScopes: readonly string[]
  /** The file of the secrets directory that holds the token for upstream HiPS trees. */
  readonly hipsTokenKey: string
  readonly tutorials: TutorialsConfig | null
}

/** Texts about a dataset. */
export interface DatasetConfig {
  readonly description: string
  readonly docsUrl: string | null
  readonly ivoaRegistry: DatasetEntry | null
}

/** 3.x. */
export interface EnvironmentDescription {
  readonly name: string
  readonly label: string
  /** The name, unless given. */
  readonly title: string
  /** The title, unless given. */
  readonly titleLong: string
  readonly description: string | null
  readonly docsUrl: string
}

/** What 3.x says of a service beside its URLs. */
export interface ServiceDescription {
  readonly title: string | null
  readonly docsUrl: string | null
  /** All of them are needed. */
  readonly requiredScopes: readonly string[]
  readonly quotaLabels: ReadonlyMap<string, QuotaLabel>
}

export interface QuotaLabel {
  readonly title: string
  readonly internal: boolean
}

export interface HipsConfig extends ServiceDescription {
  /** Paths of the trees of each dataset, below `sourceTemplate`. */
  readonly datasets: ReadonlyMap<string, readonly string[]>
  /** `dataset` null: the legacy path is not served. */
  readonly legacy: { readonly dataset: string | null; readonly pathPrefix: string } | null
  /** Begins with a slash, ends with none. */
  readonly pathPrefix: string
  /** Render it with `renderTemplate`. */
  readonly sourceTemplate: string
}

export interface InfluxDatabaseConfig {
  readonly url: string
  readonly database: string
  readonly username: string
  /** The file of the secrets directory that holds the password. */
  readonly passwordKey: string
  readonly schemaRegistry: string
  readonly local: boolean
  readonly description: string | null
  /** Beside `influxdbScopes`; all of them are needed. */
  readonly requiredScopes: readonly string[]
}

export type ServiceRule = UiRule | InternalRule | DataRule

interface RuleBase extends ServiceDescription {
  readonly name: string
  /** Render it with `renderTemplate`, as all templates. */
  readonly template: string
}

export interface UiRule extends RuleBase {
  readonly type: 'ui'
}

interface ApiRule extends RuleBase {
  readonly openapi: string | null
  readonly versions: ReadonlyMap<string, VersionRule>
}

export interface InternalRule extends ApiRule {
  readonly type: 'internal'
}

export interface DataRule extends ApiRule {
  readonly type: 'data'
  /** null: all that are available. */
  readonly datasets: readonly string[] | null
  readonly ivoaRegistry: ServiceEntry | null
}

export interface VersionRule {
  readonly template: string
  readonly ivoaStandardId: string | null
}

export interface TutorialsConfig {
  /** URL of the repository. */
  readonly repository: string
  /** Where the menu lies that `almagest tutorials` made: in a bucket, or in a file beside the environment file. */
  readonly menu:
    | { readonly kind: 'object'; readonly bucket: string; readonly object: string }
    | { readonly kind: 'file'; readonly path: string }
    | null
}
