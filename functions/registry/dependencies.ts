import type { Environment } from '../../shared/environment/environment.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { RegistrySources } from '../../shared/registry/state/refresh-registry.ts'

/** What `registry` works with: put together in deployment.ts, or by a test. */
export interface RegistryDependencies {
  readonly environment: Environment
  /** Reaches for the databases; a connection that failed is tried anew by the next call. */
  openSources(): Promise<RegistrySources>
}

export interface RegistryOptions {
  readonly logger: Logger
  /** What stands before every path where several functions share a port. Default none. */
  readonly prefix?: string
  /** How long the records count as current without a look at what is live; default 3 s. */
  readonly lifetimeMs?: number
  /** How long, while a TAP server does not say what is live; default 30 s. */
  readonly silentLifetimeMs?: number
}
