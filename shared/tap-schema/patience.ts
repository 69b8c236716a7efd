/** How patiently a swap or a rollback waits for readers. */
export interface Patience {
  /** After so many milliseconds the operation gives up, with nothing changed. */
  readonly deadlineMs: number
  /**
   * How long readers may queue behind the first attempt to lock a slot. The next one comes after a pause and may take
   * longer, up to ten times as long, and through gates up to 25 times (`lockThroughGates`): queries that overlap without
   * end leave no shorter gap.
   */
  readonly lockTimeoutMs: number
}

export const DEFAULT_PATIENCE: Patience = { deadlineMs: 30_000, lockTimeoutMs: 20 }

/** What may be asked for. */
export const MAX_PATIENCE: Patience = { deadlineMs: 3_600_000, lockTimeoutMs: 500 }

/** No attempt blocks readers longer than this, whatever the patience. */
export const LONGEST_HOLD_MS = 450
