import type pg from 'pg'
import { type HistoryAction, readLastAbout } from './history.ts'
import { AmbiguousSlotError, VersionMismatchError } from './slot-failures.ts'
import type { SlotVersion } from './slot-version.ts'

/** What the caller of a swap or a rollback believes to be in the slot that is about to go live. */
export interface Expectation {
  readonly expectedVersion: string
  /** With it, also the very upload: `main` and `tickets/…` are overwritten in place. */
  readonly expectedGeneration?: string
  /** With it, also the very stage, by its number in the history: an upload can be staged more than once. */
  readonly expectedId?: number
}

export function isExpected(found: SlotVersion | null, expected: Expectation): boolean {
  const { expectedVersion, expectedGeneration, expectedId } = expected
  if (found?.version !== expectedVersion) return false
  if (expectedGeneration !== undefined && expectedGeneration !== found.source?.generation) return false
  return expectedId === undefined || expectedId === found.id
}

/** @throws VersionMismatchError when the slot is not what the caller believes it is */
export function checkExpectation(slot: string, found: SlotVersion, expected: Expectation): void {
  if (isExpected(found, expected)) return
  const { expectedVersion, expectedGeneration, expectedId } = expected
  const name = (version: string, generation: string | undefined, id: number | null | undefined) =>
    [
      version,
      ...(expectedGeneration === undefined ? [] : [`#${generation ?? 'unknown'}`]),
      ...(expectedId === undefined ? [] : [` (id ${id ?? 'unknown'})`]),
    ].join('')
  throw new VersionMismatchError(
    slot,
    name(expectedVersion, expectedGeneration, expectedId),
    name(found.version, found.source?.generation, found.id),
  )
}

/**
 * Whether an exchange has been made already, so that the same call again, after an answer that was lost, changes nothing.
 * An id decides it. Without one, the exchange has to be the last thing that happened to the slots and to the
 * version: a caller who staged it again meanwhile, or was refused, means something else.
 */
export async function isDone(
  client: pg.ClientBase,
  action: HistoryAction,
  live: SlotVersion | null,
  expected: Expectation,
): Promise<boolean> {
  if (!isExpected(live, expected)) return false
  if (expected.expectedId !== undefined) return true
  const last = await readLastAbout(client, expected.expectedVersion)
  return last?.action === action && last.version === expected.expectedVersion
}

/**
 * Refuses what would toggle when it is repeated: live and the other slot both are what the caller has named.
 *
 * @throws AmbiguousSlotError
 */
export function refuseAmbiguous(
  slot: string,
  found: SlotVersion,
  live: SlotVersion | null,
  expected: Expectation,
): void {
  if (live !== null && isExpected(live, expected)) throw new AmbiguousSlotError(slot, found, live)
}
