import type pg from 'pg'
import { GateKeeper } from './gate-keeper.ts'
import { lockSlot, readUnitNames, unitOf } from './lock-slot.ts'
import { LOOK_EVERY_MS, readSessionLocks, type SessionLocks } from './reader-habits.ts'

/** Readers of the slot did not let go in time. Not a failure yet: another attempt follows. */
export class SlotsInUse extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
  }
}

export interface GatePlan {
  readonly schema: string
  /** The units that readers' transactions begin with, or all that they use but the passage. */
  readonly gates: readonly string[]
  /** A unit that they come to later. */
  readonly passage: string
  /** How long readers may be held up, in milliseconds. */
  readonly holdMs: number
}

/**
 * Locks a slot that transactions read in several orders without end, where locking one table after another always meets
 * somebody who holds the next one and waits for the last one.
 *
 * What is needed is a moment at which everybody is outside: who is inside must get through every table, and nobody may
 * come in. PostgreSQL lets nobody pass a waiting ACCESS EXCLUSIVE, so one session alone cannot do it; several can, because
 * waiting sessions queue and a queue can be cut:
 *
 * 1. One table in the middle, the passage, is locked. Everybody comes to a stop there, still far from the end.
 * 2. Keepers, sessions of our own, begin to wait at the gates, the tables that transactions begin with. Newcomers stop.
 * 3. The passage is opened. Everybody moves to the last gate of their way, which is where others begin, and stops.
 * 4. More keepers queue behind them; then the first ones leave. Everybody gets through, and newcomers stay behind the
 *    second row, which has the gates as soon as the last one is out. Those who hold the fewest tables go first, one gate
 *    after the other, until all are near their end: who is through comes again, and must not stand in the way of others.
 *
 * The keepers then hold the gates until the transaction of `client` is over, by waiting for an advisory lock of it: they
 * neither hear nor need this process any more, so that nothing that happens to it can open a gate before the commit.
 *
 * @param keepers free ones: two for each gate are best, one more than there are gates is the least
 * @throws SlotsInUse, or the server's 55P03, after `holdMs`; the transaction of `client` is of no use then
 */
export async function lockThroughGates(
  client: pg.PoolClient,
  keepers: readonly GateKeeper[],
  { schema, gates, passage, holdMs }: GatePlan,
): Promise<void> {
  const names = await readUnitNames(client, schema)
  await GateKeeper.bind(client)
  const until = performance.now() + holdMs
  const left = () => Math.max(1, until - performance.now())
  const standing = new Map<string, GateKeeper>()
  try {
    await client.query(`savepoint outside; set local lock_timeout = ${Math.ceil(left() / 2)};
      lock table ${names.get(passage)} in access exclusive mode`)
    await settle(2)
    await postKeepers(gates)
    await client.query('rollback to savepoint outside')
    for (;;) {
      const sessions = await settle(1)
      const open = await findOpenUnits()
      if (!gates.some((gate) => open.has(gate))) break
      const next = findLeastAdvanced(sessions.filter(({ pid }) => !isKeeper(pid))).filter((gate) =>
        gates.includes(gate),
      )
      // Nobody inside waits at a gate: a keeper is just about to get its own.
      await (next.length > 0 ? changeRows(next) : pause())
    }
    const rest = [...names.keys()].filter((unit) => !gates.includes(unit))
    await lockSlot(client, schema, { units: rest, waitMs: left() })
    // A keeper that has its gate keeps it: it waits for nothing any more that could fail.
    if ((await findOpenUnits()).size > 0) throw new SlotsInUse('a gate was lost again')
  } catch (error) {
    await client.query('rollback to savepoint outside')
    await GateKeeper.dismiss(client, keepers)
    throw error
  }

  /** Units of which neither this transaction nor a keeper has all. */
  async function findOpenUnits(): Promise<ReadonlySet<string>> {
    const found = await client.query<{ name: string }>(UNLOCKED, [schema, keepers.map(({ pid }) => pid)])
    return new Set(found.rows.map(({ name }) => unitOf(name)))
  }

  function isKeeper(pid: number): boolean {
    return keepers.some((keeper) => keeper.pid === pid)
  }

  /** Waits until nobody is on the way: every session that holds a table has come to a stop. */
  async function settle(times: number) {
    for (let quiet = 0; ; ) {
      const sessions = await readSessionLocks(client, schema)
      const moving = sessions.some(({ pid, held, wanted }) => held.size > 0 && wanted === null && !isKeeper(pid))
      quiet = moving ? 0 : quiet + 1
      if (quiet >= times) return sessions
      await pause()
    }
  }

  /** With fewer keepers than two for each gate, some gates come after the others. */
  async function changeRows(at: readonly string[]) {
    for (let done = 0; done < at.length; ) {
      const free = keepers.filter((keeper) => keeper.isFree).length
      const some = at.slice(done, done + Math.max(1, free))
      const before = some.flatMap((gate) => standing.get(gate) ?? [])
      await postKeepers(some)
      await GateKeeper.dismiss(client, before)
      done += some.length
    }
  }

  /** Puts a free keeper at each of the gates, behind all that wait there. */
  async function postKeepers(at: readonly string[]) {
    if (performance.now() >= until) throw new SlotsInUse('readers did not get through in time')
    const free = keepers.filter((keeper) => keeper.isFree)
    const posted = at.map((gate, index) => {
      const keeper = free[index]
      if (keeper === undefined) throw new SlotsInUse('there are too few connections')
      keeper.stand(names.get(gate) ?? '', left())
      standing.set(gate, keeper)
      return keeper.pid
    })
    for (;;) {
      const there = new Set((await readSessionLocks(client, schema)).map(({ pid }) => pid))
      if (posted.every((pid) => there.has(pid))) return
      await pause()
    }
  }

  async function pause() {
    if (performance.now() >= until) throw new SlotsInUse('readers did not get through in time')
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS))
  }
}

// The locks are read once, so that they are one picture.
const UNLOCKED = `
with locked as materialized (
  select relation from pg_locks
   where locktype = 'relation' and granted and mode = 'AccessExclusiveLock'
     and database = (select oid from pg_database where datname = current_database())
     and (pid = pg_backend_pid() or pid = any($2))
)
select c.relname::text as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = $1 and c.relkind in ('r', 'p', 'v') and c.oid not in (select relation from locked)`

/** Where those wait who are inside and have got least far. */
function findLeastAdvanced(sessions: readonly SessionLocks[]): readonly string[] {
  const inside = sessions.filter(({ held }) => held.size > 0)
  const least = Math.min(...inside.map(({ held }) => held.size))
  return [...new Set(inside.filter(({ held }) => held.size === least).flatMap(({ wanted }) => wanted ?? []))]
}
