/**
 * Where it is written what sync queries have in Qserv: the query, a database of uploaded tables. When the process that
 * answers one dies, it is found there and removed by another (DESIGN §8.3 rules 4 and 5).
 */
export interface SyncLedger {
  /** One for each query. Nothing is written yet. */
  newEntry(): SyncEntry
}

export interface SyncEntry {
  /** Names it: 32 hexadecimal digits. */
  readonly id: string
  /**
   * Comes before anything of the query is in Qserv.
   *
   * @param uploads the database that is about to be made there; null: none
   * @param forMs how long this process sees to it, at most
   * @throws what the database says
   */
  begin(uploads: string | null, forMs: number): Promise<void>
  /** Qserv has taken the query. */
  noteSubmitted(queryId: string): Promise<void>
  /** Nothing of it is left in Qserv. */
  forget(): Promise<void>
}
