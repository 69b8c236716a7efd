import type pg from 'pg'
import { GateKeeper } from './gate-keeper.ts'
import { lockSlot, readUnitNames } from './lock-slot.ts'
import { LOOK_EVERY_MS, readSessionLocks } from './reader-habits.ts'

/** Readers of the slot did not let go in time. Not a failure yet: another attempt follows. */
export class SlotsInUse extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
  }
}

export interface GatePlan {
  readonly schema: string
  /** Units that readers' transactions begin with. */
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
 * What is needed is a moment at which everybody is outside: whoever is inside must get through every table, and nobody may
 * come in. PostgreSQL lets nobody pass a waiting ACCESS EXCLUSIVE, so one session alone cannot do it; several can, because
 * waiting sessions queue and a queue can be cut:
 *
 * 1. One table in the middle, the passage, is locked. Everybody comes to a stop there, still far from the end.
 * 2. Keepers, sessions of our own, begin to wait at the gates, the tables that transactions begin with. Newcomers stop.
 * 3. The passage is opened. Everybody goes on to the last gate of their way, which is where others begin, and stops.
 * 4. More keepers queue behind them; then the first ones leave. Everybody gets through, and newcomers stay behind the
 *    second row, which has the gates as soon as the last one is out. If somebody is not, the fourth step is repeated.
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
      const closed = gates.filter((gate) => sessions.some(({ pid, wanted }) => wanted === gate && isKeeper(pid)))
      if (closed.length === 0) break
      const isSomebodyInside = sessions.some(({ pid, held }) => held.size > 0 && !isKeeper(pid))
      // Otherwise a keeper is just about to get its gate.
      await (isSomebodyInside ? changeRows(closed) : pause())
    }
    await lockSlot(client, schema, { units: [...names.keys()], waitMs: left(), except: gates })
  } catch (error) {
    await client.query('rollback to savepoint outside')
    await GateKeeper.dismiss(client, keepers)
    throw error
  }

  function isKeeper(pid: number): boolean {
    return keepers.some((keeper) => keeper.pid === pid)
  }

  /** Waits until nobody is on the way: whoever holds a table has come to a stop. */
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
  async function changeRows(closed: readonly string[]) {
    for (let done = 0; done < closed.length; ) {
      const free = keepers.filter((keeper) => keeper.isFree).length
      const some = closed.slice(done, done + Math.max(1, free))
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
