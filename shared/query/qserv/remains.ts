import { messageOf } from '../../failure.ts'
import type { QservClient } from '../../qserv/client.ts'
import { QservUnavailableError } from '../../qserv/errors.ts'
import { QueryUnavailableError } from '../errors.ts'
import type { QueryLogger } from '../postgresql/work.ts'
import { dropUploads, removeFromQserv } from './remove.ts'
import type { SyncEntry } from './sync-ledger.ts'

/** Tables that a sync query brings along. */
export interface SyncUploads {
  /** Of Qserv, for this query alone. */
  readonly database: string
  /** Loads them all. */
  ingest(signal: AbortSignal): Promise<void>
  /** Whether Qserv may be loading one still, when that has failed. */
  mayBeLoading(): boolean
}

export interface RemainsTools {
  readonly client: QservClient
  readonly logger: QueryLogger
  /** How long Qserv may go on loading a table that nobody waits for any more. */
  readonly ingestMs: number
}

/** After the longest that a query may take, so long until its instance counts as dead. */
const GRACE_MS = 30_000

/**
 * What a sync query leaves in Qserv, step by step, and its removal. Where that fails, or is never called, the entry in the
 * ledger is still there.
 */
export class Remains {
  /** Its query has a result there. */
  isCompleted = false
  readonly #tools: RemainsTools
  #entry: SyncEntry | null
  readonly #uploads: SyncUploads | null
  #queryId: string | undefined
  /** There may be tables in Qserv. */
  #hasLoaded = false
  /** Qserv may still be loading them when they have been dropped. */
  #mayLoad = false
  #removing: Promise<void> | undefined

  constructor(tools: RemainsTools, entry: SyncEntry | null, uploads: SyncUploads | null) {
    this.#tools = tools
    this.#entry = entry
    this.#uploads = uploads
  }

  /** @throws QueryUnavailableError where uploads could not be found again */
  async begin(timeoutMs: number): Promise<void> {
    const uploads = this.#uploads
    const forMs = timeoutMs + GRACE_MS + (uploads === null ? 0 : this.#tools.ingestMs)
    try {
      await this.#entry?.begin(uploads?.database ?? null, forMs)
    } catch (error) {
      this.#entry = null
      if (uploads !== null) {
        throw new QueryUnavailableError(
          'Uploaded tables cannot be loaded into Qserv now: try again in a moment.',
          error,
        )
      }
      // Qserv ends a query in any case, and forgets its result.
      this.#report('a query is sent to Qserv without a record', error)
    }
  }

  /** @throws UploadError, Qserv's errors, the reason of `over` */
  async load(over: AbortSignal): Promise<void> {
    if (this.#uploads === null) return
    this.#hasLoaded = true
    this.#mayLoad = true
    try {
      await this.#uploads.ingest(over)
    } finally {
      this.#mayLoad = this.#uploads.mayBeLoading()
    }
  }

  /** Not broken off: only its id tells what has to be cancelled. @throws Qserv's errors */
  async submit(sql: string): Promise<string> {
    const { client, logger } = this.#tools
    const id = await client.submit(sql).catch((error: unknown) => {
      if (error instanceof QservUnavailableError && error.mayHaveArrived) {
        // A metric counts these.
        const message = 'it is not known whether Qserv has the query of a sync request, which fails'
        logger.error(message, { error, unclearSubmits: 1 })
      }
      throw error
    })
    this.#queryId = id
    await this.#entry?.noteSubmitted(id).catch((error: unknown) => this.#report('its id was not recorded', error))
    return id
  }

  /** Ends the query, deletes its result, drops its tables; may be called again. Never throws: the rest is owed. */
  remove(): Promise<void> {
    this.#removing ??= this.#removeAll().catch((error: unknown) => this.#report('it was not removed', error))
    return this.#removing
  }

  async #removeAll(): Promise<void> {
    const { client } = this.#tools
    const id = this.#queryId
    if (id !== undefined) await (this.isCompleted ? client.deleteResult(id) : removeFromQserv(client, id))
    if (this.#uploads !== null && this.#hasLoaded) await dropUploads(client, this.#uploads.database)
    if (!this.#mayLoad) await this.#entry?.forget()
  }

  #report(what: string, error: unknown): void {
    const query = this.#queryId
    this.#tools.logger.error(`sync query in Qserv: ${what}: ${messageOf(error)}`, {
      ...(query === undefined ? {} : { query }),
      ...(this.#uploads === null ? {} : { uploads: this.#uploads.database }),
      error,
    })
  }
}
