import type pg from 'pg'
import type { FunctionSet } from '../adql/functions/function-set.ts'
import type { QservConfig } from '../environment/qserv.ts'
import type { TapService } from '../environment/tap-service.ts'
import type { EventTopic } from '../platform/events.ts'
import type { IdentitySources } from '../platform/identity.ts'
import type { Bucket } from '../platform/storage/objects.ts'
import type { LookUpToken } from '../platform/token-info.ts'
import type { WorkQueue } from '../platform/work-queue.ts'
import type { QservClient } from '../qserv/client.ts'
import type { QservService } from '../query/qserv.ts'
import type { TapBackend } from '../tap/answer-query.ts'
import type { LiveMetadata, LiveMetadataSource } from '../tap/live-metadata.ts'

/** What `tap` works with: put together in tap-services.ts, or by a test. */
export interface TapDependencies {
  /** The TAP servers that have a service, by their names. */
  readonly servers: ReadonlyMap<string, ServedTap>
  /** Whether a proxy in front says who asks. */
  readonly trustedProxy: boolean
  /** undefined: the environment names no token endpoint. */
  readonly lookUpToken: LookUpToken | undefined
  /** Where Google's certificates come from, for tests. */
  readonly googleIdentity?: IdentitySources
}

/** One TAP server whose queries are answered. */
export interface ServedTap {
  readonly name: string
  readonly service: TapService
  /** Every function that its queries may call. */
  readonly functions: FunctionSet
  /** Reaches for its database; a connection that failed is tried anew by the next call. */
  open(): Promise<ServedBackend>
  /** Reaches for its jobs, likewise; null: it has none. */
  readonly openJobs: (() => Promise<JobBackend>) | null
}

export interface ServedBackend extends TapBackend {
  readonly metadata: LiveMetadataSource
  /** null: PostgreSQL answers all queries. */
  readonly qserv: QservBackend | null
}

/** A Qserv that answers queries of a server. */
export interface QservBackend {
  readonly config: QservConfig
  readonly client: QservClient
  readonly queries: QservService<LiveMetadata>
}

/** Where the jobs of a server are. */
export interface JobBackend {
  readonly pool: pg.Pool
  readonly bucket: Pick<Bucket, 'save' | 'write' | 'read' | 'stat' | 'stream' | 'signUrl' | 'remove' | 'page'>
  readonly queue: WorkQueue
  /** null: events are kept, and not published. */
  readonly events: EventTopic | null
}
