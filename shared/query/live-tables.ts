import type pg from 'pg'
import type { TableMetadata } from '../adql/metadata.ts'
import type { TableSet } from '../adql/table-set.ts'

/** The tables of one release, as it was found live. */
export interface LiveTables {
  /** Of the slot that was live: another release never has the same. */
  readonly identity: string
  readonly version: string
  readonly tables: TableSet
  /** Those of `tables` that lie in the slot itself: TAP_SCHEMA's own. */
  readonly slotTables: ReadonlySet<TableMetadata>
  /** A statement that keeps these slot tables live until the end of its transaction, taken in the order of a swap. */
  readonly lockSql: string
}

/** Knows which release is live. */
export interface LiveTablesSource<T extends LiveTables = LiveTables> {
  /** A statement whose one row is the identity of the live slot; no row: there is none. It locks nothing. */
  readonly identitySql: string
  /** What was live when somebody looked last: no round trip, but for the first time. */
  latest(): Promise<T>
  /**
   * What is live now: one cheap statement, and loading where it is another slot than before.
   *
   * @param within a connection in a transaction that only reads, to be used for that; it holds no lock afterwards
   */
  refresh(within?: pg.ClientBase): Promise<T>
}

/** Plans by what was live last. What fails may be meant for what went live a moment ago: then it is planned once more. */
export async function planByLatest<T extends LiveTables, P>(
  liveTables: Pick<LiveTablesSource<T>, 'latest' | 'refresh'>,
  planBy: (live: T) => P,
): Promise<P> {
  const last = await liveTables.latest()
  try {
    return planBy(last)
  } catch (error) {
    const live = await liveTables.refresh()
    if (live.identity === last.identity) throw error
    return planBy(live)
  }
}
