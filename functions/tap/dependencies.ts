import type { FunctionSet } from '../../shared/adql/functions/function-set.ts'
import type { TapService } from '../../shared/environment/tap-service.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { LookUpToken } from '../../shared/platform/token-info.ts'
import type { QueryService } from '../../shared/query/service.ts'
import type { LiveMetadata, LiveMetadataSource } from '../../shared/tap/live-metadata.ts'
import type { ServiceDescriptors } from '../../shared/tap/service-descriptors.ts'
import type { FetchUpload } from '../../shared/tap/uploads.ts'

/** What `tap` works with: put together in deployment.ts, or by a test. */
export interface TapDependencies {
  /** The TAP servers that have a service, by their names. */
  readonly servers: ReadonlyMap<string, ServedTap>
  /** Whether a proxy in front says who asks. */
  readonly trustedProxy: boolean
  /** undefined: the environment names no token endpoint. */
  readonly lookUpToken: LookUpToken | undefined
}

/** One TAP server whose queries are answered. */
export interface ServedTap {
  readonly name: string
  readonly service: TapService
  /** Every function that its queries may call. */
  readonly functions: FunctionSet
  /** Reaches for its database; a connection that failed is tried anew by the next call. */
  open(): Promise<TapBackend>
}

export interface TapBackend {
  readonly queries: QueryService<LiveMetadata>
  readonly metadata: LiveMetadataSource
  readonly describeServices: DescribeServices
  readonly fetchUpload: FetchUpload
}

/** The DataLink services of the live release that belong to a result. */
export type DescribeServices = ServiceDescriptors['describe']

export interface TapOptions {
  readonly logger: Logger
  /** What stands before every path where several functions share a port. Default none. */
  readonly prefix?: string
}
