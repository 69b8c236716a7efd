import type { ResultColumn } from '../adql/resolved.ts'
import type { Field } from '../votable/field.ts'
import type { LiveTables } from './live-tables.ts'
import type { Upload } from './upload.ts'
import type { UserTables } from './user-tables.ts'

export interface QueryRequest {
  readonly adql: string
  /** Rows that the client takes at most. One more is fetched, which tells an overflow; for 0 none is. */
  readonly maxRows: number
  /** Tables that the query calls TAP_UPLOAD.name. The service reads or closes each, whatever happens. */
  readonly uploads: readonly Upload[]
  /** Kept tables of users that the caller may read; left out: none. */
  readonly userTables?: UserTables | undefined
  /** For the query as a whole, until its last row is fetched. */
  readonly timeoutMs: number
  /** Cancels the query, also while it is being started. */
  readonly signal?: AbortSignal
}

/** @typeParam Release what was live, as the service's source of live tables knows it */
export interface RunningQuery<Release extends LiveTables = LiveTables> {
  readonly columns: readonly ResultColumn[]
  readonly fields: readonly Field[]
  /** The release whose names the query was resolved by. */
  readonly release: Release
  /** Binary COPY of PostgreSQL, header included, in chunks of any size. To be read once; throws what `start` throws. */
  readonly rows: AsyncIterable<Uint8Array>
  /** Cancels what still runs and gives back what is held. May be called at any time, and again. */
  close(): Promise<void>
}

export interface QueryService<Release extends LiveTables = LiveTables> {
  /**
   * Starts a query: resolves when its first row is there, or when it is known that there is none.
   *
   * @throws AdqlError for the query's text; UploadError for the tables; QueryLimitError, QueryValueError, QueryBusyError, QueryUnavailableError,
   *   QueryServiceError, QueryCancelledError; Failures of loading the metadata
   */
  start(request: QueryRequest): Promise<RunningQuery<Release>>
}
