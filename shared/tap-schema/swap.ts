import type pg from 'pg'
import { elapsedMs } from '../elapsed.ts'
import { checkStaged } from './check-staged.ts'
import { findDependents } from './dependents.ts'
import type { ExchangeLocks } from './exchange-locks.ts'
import { exchangeSlots } from './exchange-slots.ts'
import { checkExpectation, type Expectation, isDone, isExpected } from './expected-slot.ts'
import { findForeignCode } from './foreign-code.ts'
import { recordHistory } from './history.ts'
import { findOtherObjects, warnOfMoved } from './other-objects.ts'
import { DEFAULT_PATIENCE, type Patience } from './patience.ts'
import { findLeftOutReaders, warnAfterExchange } from './readers.ts'
import { removeSlot } from './remove-slot.ts'
import { revokeGrants } from './revoke-grants.ts'
import { handOver } from './roles.ts'
import { DependentObjectsError, EmptySlotError, ReaderLeftOutError, StagingChangedError } from './slot-failures.ts'
import { checkIdentities, type SlotIdentities } from './slot-identity.ts'
import { peek, peekSlot, readSafeSlot, type SlotVersion } from './slot-version.ts'
import { quote, SLOT_OWNER, SLOT_SCHEMA, UNVERSIONED } from './slots.ts'
import { readSlotStatus, type SlotStatus } from './status.ts'

export interface SwapRequest extends Partial<Patience>, Expectation {
  /** With it, also that the slots hold the very schemas that somebody has looked at. */
  readonly expectedSlots?: Partial<SlotIdentities>
  /** Whether roles that may read what is live now may lose read access; not given: no. */
  readonly leaveReadersOut?: boolean
  readonly actor: string
}

export interface SwapOutcome {
  /** `unchanged`: the same swap was made before. */
  readonly outcome: 'swapped' | 'rolled_back' | 'unchanged'
  /** The version that is live now. */
  readonly live: string
  /** The version in the previous slot now; null when there was none. */
  readonly previous: string | null
  /** All that is known of both, as it is now. */
  readonly slots: { readonly live: SlotStatus; readonly previous: SlotStatus }
  readonly durationMs: number
  /** How often the locks were tried for. */
  readonly attempts: number
  readonly warnings: readonly string[]
}

/**
 * Makes the staged release live and the live one previous, in one transaction (DESIGN §4). Readers see all of the old
 * release or all of the new one.
 *
 * The same call again changes nothing, and says so.
 *
 * @throws EmptySlotError, VersionMismatchError, SlotChangedError, StagingChangedError, ReaderLeftOutError,
 *   DependentObjectsError, BusyError, MissingRoleError, DatabaseError, all with nothing changed
 */
export async function swap(pool: pg.Pool, request: SwapRequest): Promise<SwapOutcome> {
  const started = performance.now()
  const operation = `swapping ${request.expectedVersion} live`
  const { result, attempts, durationMs } = await exchangeSlots(pool, operation, patienceOf(request), (client, locks) =>
    swapOnce(client, locks, request, started),
  )
  return { ...result, durationMs, attempts }
}

export function patienceOf(request: SwapRequest): Patience {
  return {
    deadlineMs: request.deadlineMs ?? DEFAULT_PATIENCE.deadlineMs,
    lockTimeoutMs: request.lockTimeoutMs ?? DEFAULT_PATIENCE.lockTimeoutMs,
  }
}

export type Exchanged = Omit<SwapOutcome, 'durationMs' | 'attempts'>

async function swapOnce(
  client: pg.PoolClient,
  locks: ExchangeLocks,
  request: SwapRequest,
  started: number,
): Promise<Exchanged> {
  const { live, staging, previous } = SLOT_SCHEMA
  if (request.expectedSlots !== undefined) await checkIdentities(client, request.expectedSlots)
  // A lock on a live table would stand in the way of our own sessions that lock it.
  const before = await peekSlot(client, 'live')
  const seen = await peekSlot(client, 'staging')
  if (!isExpected(seen, request) && (await isDone(client, 'swapped', before, request))) return describeUnchanged(client)
  // Everything that takes time comes before the lock on the live slot.
  const staged = await takeOverStaged(client, seen, request)
  const leftOut = await allowLeftOut(client, 'staging', request)
  const dependents = await findDependents(client, [live, staging])
  if (dependents.length > 0) throw new DependentObjectsError(`swapping ${staged.version} live`, dependents)
  const replaced = before?.version ?? null
  const takenBack = await revokeGrants(client, staging)
  const moved = warnOfMoved(await findOtherObjects(client, 'live'), previous)
  const slots = await peek(client, () => describeExchanged(client, 'staging'))
  const asideAs = await removeSlot(client, previous)
  const entry = {
    action: 'swapped',
    version: staged.version,
    replaced,
    actor: request.actor,
    source: staged.source,
  } as const
  await recordHistory(client, { ...entry, rows: null, problems: [], durationMs: elapsedMs(started) })
  await locks.take(client, staging)
  if (replaced !== null) await locks.take(client, live)
  const setBack = replaced === null ? '' : `alter schema ${quote(live)} rename to ${quote(previous)};\n`
  await client.query(`${setBack}alter schema ${quote(staging)} rename to ${quote(live)}`)
  const aside = `schema ${previous} was not Almagest's: it is called ${asideAs} now, untouched`
  const warnings = [...takenBack, ...leftOut, ...moved, ...(asideAs === null ? [] : [aside])]
  return { outcome: 'swapped', live: staged.version, previous: replaced, slots, warnings }
}

/** Gives the staging slot to the owner, so that no one else can change it, and only then reads what it holds. */
async function takeOverStaged(
  client: pg.PoolClient,
  seen: SlotVersion | null,
  request: SwapRequest,
): Promise<SlotVersion> {
  // A wrong expectation is refused before anything is waited for.
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

/**
 * @returns warnings of readers who are left out on purpose
 * @throws ReaderLeftOutError when the request does not allow it
 */
export async function allowLeftOut(
  client: pg.PoolClient,
  slot: 'staging' | 'previous',
  { expectedVersion, leaveReadersOut = false }: SwapRequest,
): Promise<readonly string[]> {
  const readers = await findLeftOutReaders(client, slot)
  if (readers.length > 0 && !leaveReadersOut) throw new ReaderLeftOutError(expectedVersion, readers)
  return warnAfterExchange(readers)
}

/** What both slots will be once `next`, which was found safe to read, has gone live. */
export async function describeExchanged(
  client: pg.PoolClient,
  next: 'staging' | 'previous',
): Promise<SwapOutcome['slots']> {
  const [coming, going] = [await readSlotStatus(client, next, true), await readSlotStatus(client, 'live')]
  return {
    live: { ...coming, schema: SLOT_SCHEMA.live },
    previous: { ...going, schema: SLOT_SCHEMA.previous },
  }
}

export async function describeUnchanged(client: pg.PoolClient): Promise<Exchanged> {
  const slots = { live: await readSlotStatus(client, 'live'), previous: await readSlotStatus(client, 'previous') }
  const { live, previous } = slots
  return { outcome: 'unchanged', live: live.version ?? UNVERSIONED, previous: previous.version, slots, warnings: [] }
}
