import type { DatabaseAddress } from '../database-address.ts'
import type { ArchiveLimits } from '../releases/limits.ts'
import type { ReleaseNaming } from '../releases/naming.ts'
import type { LoaderOptions } from '../tap-schema/options.ts'
import type { DiscoveryConfig } from './discovery/model.ts'
import type { ResultsConfig } from './results-model.ts'
import type { TapService } from './tap-service.ts'

/** One deployment, as its environment file describes it. Every default is filled in. */
export interface Environment {
  /** The file that it was read from, as its reader knows it. */
  readonly file: string
  /** null: no releases bucket is configured. */
  readonly releases: (ReleaseNaming & { readonly limits: ArchiveLimits }) | null
  /** `projects/P/topics/T`; null: events are not published. */
  readonly topic: string | null
  /** Where password keys are looked up, one file per key. */
  readonly secretsDirectory: string
  /** The enabled TAP servers, in the order of the file. */
  readonly servers: ReadonlyMap<string, TapServer>
  readonly identity: IdentityConfig
  readonly swap: SwapTimeouts
  readonly storage: StorageConfig
  /** null: nothing is said about results. */
  readonly results: ResultsConfig | null
  /** What discovery tells about the environment. */
  readonly discovery: DiscoveryConfig
}

export interface StorageConfig {
  /** null: Google's own. */
  readonly apiEndpoint: string | null
}

export interface SwapTimeouts {
  /** How long a swap keeps trying to lock both slots before it gives up as busy. */
  readonly deadlineMs: number
  /** How long one try may hold up readers. */
  readonly lockTimeoutMs: number
}

export interface IdentityConfig {
  /** The audiences that an identity token may be for; empty: any. */
  readonly audience: readonly string[]
  /** Whether the platform in front has verified the token's signature already. */
  readonly trustPlatform: boolean
  /** Whether only a verified caller may change something; absent: where the function is deployed. */
  readonly requireCaller?: boolean
}

export type SwapPolicy = 'never' | 'compatible' | 'always'

export interface TapServer {
  readonly name: string
  readonly database: DatabaseAddress
  /** Names of schema files without `.yaml`, in the order in which clients shall list the schemas. */
  readonly schemas: readonly string[]
  /** The release that this server takes; null: only those that `follow` matches, or none by itself. */
  readonly schemaVersion: string | null
  /** Patterns of versions that this server takes as well. */
  readonly follow: readonly string[]
  /** What happens after a stage that went well. */
  readonly swap: SwapPolicy
  /** PostgreSQL roles that read the slots. */
  readonly readers: readonly string[]
  readonly options: LoaderOptions
  /** null: queries are not answered. */
  readonly service: TapService | null
}
