import type { Environment } from '../../shared/environment/environment.ts'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { LookUpToken } from '../../shared/platform/token-info.ts'
import type { LiveSlot } from '../../shared/tap-schema/live-slot.ts'

/** What `discovery` works with: put together in deployment.ts, or by a test. */
export interface DiscoveryDependencies {
  readonly environment: Environment
  /** Asks the server's database; null: nothing is live. It always ends at some time. */
  readLive(server: TapServer): Promise<LiveSlot | null>
  /** A secret of the environment. @throws SecretError */
  readSecret(key: string): Promise<string>
  /** A text that a token opens. @throws Error for anything but 200 in time */
  fetchText(url: string, token: string): Promise<string>
  /** undefined: the environment names no token endpoint. */
  readonly lookUpToken: LookUpToken | undefined
  /** The JSON text of the tutorials' menu; undefined: it is not there. */
  readTutorials(): Promise<string | undefined>
}

export interface DiscoveryOptions {
  readonly logger: Logger
  /** What stands before every path where several functions share a port. Default none. */
  readonly prefix?: string
  /** How long what a database said of its live slot is current; default 3 s. */
  readonly tapLifetimeMs?: number
  /** How long a request waits for databases at most; default 1 s. */
  readonly tapDeadlineMs?: number
  /** How long HiPS properties are served without asking again; default 10 minutes. */
  readonly hipsLifetimeMs?: number
  /** How long a HiPS tree that failed is not asked again; default 30 s. */
  readonly hipsRetryMs?: number
  /** How long the menu of the tutorials is served without reading it again; default 1 minute. */
  readonly tutorialsLifetimeMs?: number
}
