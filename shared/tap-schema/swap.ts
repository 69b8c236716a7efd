import type pg from 'pg'
import { checkStaged } from './check-staged.ts'
import { findDependents } from './dependents.ts'
import { DEFAULT_PATIENCE, exchangeSlots, type Patience } from './exchange.ts'
import { DependentObjectsError, EmptySlotError, StagingChangedError, VersionMismatchError } from './failures.ts'
import { findForeignCode } from './foreign-code.ts'
import { takeBackGrants } from './grants.ts'
import { recordHistory } from './history.ts'
import { findLeftOutReaders, warnAfterExchange } from './left-out-readers.ts'
import { type LockOrder, lockSlot } from './lock-slot.ts'
import { findOtherObjects, warnOfMoved } from './other-objects.ts'
import { removeSlot } from './remove-slot.ts'
import { handOver } from './roles.ts'
import { checkIdentities, type SlotIdentities } from './slot-identity.ts'
import { peekSlot, readSafeSlot, readSlotVersion, type SlotVersion } from './slot-version.ts'
import { quote, SLOT_OWNER, SLOT_SCHEMA, UNVERSIONED } from './slots.ts'

export interface SwapRequest extends Partial<Patience> {
  /** The version that the caller believes to be in the slot that is about to go live. */
  readonly expectedVersion: string
  /** With it, also the very upload: `main` and `tickets/…` are overwritten in place. */
  readonly expectedGeneration?: string
  /** With it, also that the slots hold the very schemas that somebody has looked at. */
  readonly expectedSlots?: Partial<SlotIdentities>
  readonly actor: string
}

export interface SwapOutcome {
  readonly outcome: 'swapped' | 'rolled_back'
  /** The version that is live now. */
  readonly live: string
  /** The version in the previous slot now; null when there was none. */
  readonly previous: string | null
  readonly durationMs: number
  /** How often the locks were tried for. */
  readonly attempts: number
  readonly warnings: readonly string[]
}

/**
 * Makes the staged release live and the live one previous, in one transaction (DESIGN §4). Readers see all of the old
 * release or all of the new one.
 *
 * @throws EmptySlotError, VersionMismatchError, SlotChangedError, StagingChangedError, DependentObjectsError, BusyError,
 *   MissingRoleError, DatabaseError, all with nothing changed
 */
export async function swap(pool: pg.Pool, request: SwapRequest): Promise<SwapOutcome> {
  const started = performance.now()
  const operation = `swapping ${request.expectedVersion} live`
  const { result, attempts, durationMs } = await exchangeSlots(pool, operation, patienceOf(request), (client, order) =>
    swapOnce(client, order, request, started),
  )
  return { outcome: 'swapped', ...result, durationMs, attempts }
}

export function patienceOf(request: SwapRequest): Patience {
  return {
    deadlineMs: request.deadlineMs ?? DEFAULT_PATIENCE.deadlineMs,
    lockTimeoutMs: request.lockTimeoutMs ?? DEFAULT_PATIENCE.lockTimeoutMs,
  }
}

type Exchanged = Pick<SwapOutcome, 'live' | 'previous' | 'warnings'>

async function swapOnce(
  client: pg.PoolClient,
  order: LockOrder,
  request: SwapRequest,
  started: number,
): Promise<Exchanged> {
  const { live, staging, previous } = SLOT_SCHEMA
  if (request.expectedSlots !== undefined) await checkIdentities(client, request.expectedSlots)
  // Everything that takes time comes before the lock on the live slot.
  const staged = await takeOverStaged(client, request)
  const dependents = await findDependents(client, [live, staging])
  if (dependents.length > 0) throw new DependentObjectsError(`swapping ${staged.version} live`, dependents)
  const replaced = await readSlotVersion(client, 'live')
  const takenBack = await takeBackGrants(client, staging)
  const leftOut = warnAfterExchange(await findLeftOutReaders(client))
  const moved = warnOfMoved(await findOtherObjects(client, 'live'), previous)
  const asideAs = await removeSlot(client, previous)
  const entry = {
    action: 'swapped',
    version: staged.version,
    replaced,
    actor: request.actor,
    source: staged.source,
  } as const
  await recordHistory(client, { ...entry, rows: null, problems: [], durationMs: performance.now() - started })
  await lockSlot(client, staging, order)
  if (replaced !== null) await lockSlot(client, live, order)
  const setBack = replaced === null ? '' : `alter schema ${quote(live)} rename to ${quote(previous)};\n`
  await client.query(`${setBack}alter schema ${quote(staging)} rename to ${quote(live)}`)
  const aside = `schema ${previous} was not Almagest's: it is called ${asideAs} now, untouched`
  const warnings = [...takenBack, ...leftOut, ...moved, ...(asideAs === null ? [] : [aside])]
  return { live: staged.version, previous: replaced, warnings }
}

/** Gives the staging slot to the owner, so that nobody changes it any more, and only then looks what it holds. */
async function takeOverStaged(client: pg.PoolClient, request: SwapRequest): Promise<SlotVersion> {
  // A wrong expectation is refused before anything is waited for.
  const seen = await peekSlot(client, 'staging')
  if (seen !== null && seen.version !== UNVERSIONED) checkExpectation('staging', seen, request)
  await handOver(client, SLOT_SCHEMA.staging, SLOT_OWNER.live)
  const foreign = await findForeignCode(client, SLOT_SCHEMA.staging)
  if (foreign.length > 0) throw new StagingChangedError(request.expectedVersion, foreign)
  const staged = await readSafeSlot(client, 'staging')
  if (staged === null || staged.version === UNVERSIONED) throw new EmptySlotError('staging', 'stage a release first')
  checkExpectation('staging', staged, request)
  await checkStaged(client, staged)
  return staged
}

/** @throws VersionMismatchError when the slot is not what the caller believes it is */
export function checkExpectation(slot: string, found: SlotVersion, request: SwapRequest): void {
  if (found.version !== request.expectedVersion) {
    throw new VersionMismatchError(slot, request.expectedVersion, found.version)
  }
  const generation = found.source?.generation
  if (request.expectedGeneration !== undefined && request.expectedGeneration !== generation) {
    const name = (of: string | undefined) => `${found.version}#${of ?? 'unknown'}`
    throw new VersionMismatchError(slot, name(request.expectedGeneration), name(generation))
  }
}
