import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { elapsedMs } from '../elapsed.ts'
import { findDependents } from './dependents.ts'
import type { ExchangeLocks } from './exchange-locks.ts'
import { exchangeSlots } from './exchange-slots.ts'
import { checkExpectation, isDone, isExpected, refuseAmbiguous } from './expected-slot.ts'
import { recordHistory } from './history.ts'
import { findOtherObjects, warnOfMoved } from './other-objects.ts'
import { EmptySlotError } from './slot-failures.ts'
import { peek, peekSlot, readSlot } from './slot-version.ts'
import { OWNER_ROLE, quote, SLOT_SCHEMA, STAGER_ROLE } from './slots.ts'
import {
  allowLeftOut,
  describeExchanged,
  describeUnchanged,
  type Exchanged,
  patienceOf,
  type SwapOutcome,
  type SwapRequest,
} from './swap.ts'

/**
 * Exchanges the live and the previous slot, in one transaction. `expectedVersion` is the version in the previous slot. The
 * same call again changes nothing, and says so; the call that names what was live before undoes it.
 *
 * Nothing is dropped, so objects that depend on a slot do not stand in the way of going back; they are named in the
 * warnings, because they follow their tables into the previous slot.
 *
 * @throws EmptySlotError, VersionMismatchError, AmbiguousSlotError, ReaderLeftOutError, BusyError, MissingRoleError,
 *   DatabaseError, all with nothing changed
 */
export async function rollback(pool: pg.Pool, request: SwapRequest): Promise<SwapOutcome> {
  const started = performance.now()
  const operation = `rolling back to ${request.expectedVersion}`
  const { result, attempts, durationMs } = await exchangeSlots(pool, operation, patienceOf(request), (client, locks) =>
    rollBackOnce(client, locks, request, started),
  )
  return { ...result, durationMs, attempts }
}

async function rollBackOnce(
  client: pg.PoolClient,
  locks: ExchangeLocks,
  request: SwapRequest,
  started: number,
): Promise<Exchanged> {
  const { live, previous } = SLOT_SCHEMA
  await refuseStagers(client)
  // A lock on a live table would stand in the way of our own sessions that lock it.
  const before = await peekSlot(client, 'live')
  const target = await readSlot(client, 'previous')
  if (!isExpected(target, request) && (await isDone(client, 'rolled_back', before, request)))
    return describeUnchanged(client)
  if (target === null) throw new EmptySlotError('previous', 'there is nothing to go back to')
  checkExpectation('previous', target, request)
  refuseAmbiguous('previous', target, before, request)
  const leftOut = await allowLeftOut(client, 'previous', request)
  const replaced = before?.version ?? null
  const dependents = await findDependents(client, [live, previous])
  const moved = warnOfMoved(await findOtherObjects(client, 'live'), previous)
  const slots = await peek(client, () => describeExchanged(client, 'previous'))
  const entry = {
    action: 'rolled_back',
    version: target.version,
    replaced,
    actor: request.actor,
    source: target.source,
  } as const
  await recordHistory(client, { ...entry, rows: null, problems: [], durationMs: elapsedMs(started) })
  await locks.take(client, previous)
  if (replaced === null) {
    await client.query(`alter schema ${quote(previous)} rename to ${quote(live)}`)
  } else {
    await locks.take(client, live)
    const between = `almagest_exchange_${randomBytes(8).toString('hex')}`
    await client.query(`alter schema ${quote(live)} rename to ${quote(between)};
alter schema ${quote(previous)} rename to ${quote(live)};
alter schema ${quote(between)} rename to ${quote(previous)}`)
  }
  const staying = dependents.map((object) => `${object} depends on a slot and is kept with its tables`)
  return {
    outcome: 'rolled_back',
    live: target.version,
    previous: replaced,
    slots,
    warnings: [...staying, ...leftOut, ...moved],
  }
}

/** Where there is no previous slot, every login that may stage could make one. */
async function refuseStagers(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ owner: string }>(FIND_STAGERS, [SLOT_SCHEMA.previous, STAGER_ROLE, OWNER_ROLE])
  const [found] = rows
  if (found === undefined) return
  const advice = `it or a part of it belongs to ${found.owner}, so that no swap has put it there; look at it, and drop it`
  throw new EmptySlotError('previous', advice)
}

const FIND_STAGERS = `
select pg_get_userbyid(part.owner) as owner
  from pg_namespace n
 cross join lateral (select n.nspowner union select relowner from pg_class where relnamespace = n.oid) as part(owner)
 where n.nspname = $1 and pg_has_role(part.owner, $2::name, 'member') and not pg_has_role(part.owner, $3::name, 'member')`
