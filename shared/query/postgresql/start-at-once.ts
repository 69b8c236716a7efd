import type { LiveTables } from '../live-tables.ts'
import type { RunningQuery } from '../service.ts'
import { acquire } from './acquire.ts'
import { CAPACITY, RunningStatement, SLOT_CAPACITY } from './running.ts'
import { beginStatements } from './session.ts'
import {
  backendOf,
  describeRunning,
  explainFailure,
  factsOf,
  findPlan,
  MOST_ATTEMPTS,
  type PlanOfRelease,
  remainingMs,
  tooManySwaps,
  type Work,
} from './work.ts'

/**
 * Sends a query with its whole transaction as one message. Names are resolved by what was live last, and the transaction
 * itself says if that is live still; where it is not, the query begins again.
 *
 * A lock on the slot, where the query reads it, comes before that is asked: from then on no swap can come in between.
 */
export async function startAtOnce<Release extends LiveTables>(work: Work<Release>): Promise<RunningQuery<Release>> {
  let lost: Error | undefined
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const found = await findPlan(work, [])
    const { plan, live } = found
    const running = await send(found, work)
    const explain = (error: unknown) => explainFailure(running.reasonOf(error), plan, work)
    try {
      const error = await running.begun()
      const isLive = await wasLive(found, running, error !== undefined, work)
      if (isLive && error === undefined) return describeRunning(running, found, work, explain)
      if (isLive && !running.isDead) throw explain(error)
      if (isLive) lost = explain(error)
    } catch (error) {
      await running.close()
      throw error
    }
    // Before anything else is asked: it may be the only connection of its pool.
    await running.close()
    if ((await work.liveTables.latest()) === live) await work.liveTables.refresh()
  }
  throw lost ?? tooManySwaps()
}

/** Whether a query ran by what was live. The transaction says it, if it got so far and is where TAP_SCHEMA lies. */
async function wasLive<Release extends LiveTables>(
  { plan, live }: PlanOfRelease<Release>,
  running: RunningStatement,
  failed: boolean,
  work: Work<Release>,
): Promise<boolean> {
  const [seen] = running.copy.rows
  if (seen !== undefined) return seen[0] === live.identity
  if (!failed && backendOf(plan, work) === work.slot) return false
  return (await work.liveTables.refresh()).identity === live.identity
}

async function send<Release extends LiveTables>(
  { plan, live }: PlanOfRelease<Release>,
  work: Work<Release>,
): Promise<RunningStatement> {
  const backend = backendOf(plan, work)
  const facts = await factsOf(backend)
  const { signal } = work.request
  const client = await acquire(backend.pool, { waitMs: remainingMs(work), signal })
  const timeoutMs = remainingMs(work)
  const begin = [...beginStatements(facts, backend.role, timeoutMs, 'read only'), ...plan.preparation]
  const statements = [
    ...begin,
    ...(plan.readsSlot ? [live.lockSql] : []),
    ...(backend === work.slot ? [work.liveTables.identitySql] : []),
    plan.copySql,
    'commit',
  ]
  const capacity = plan.readsSlot ? SLOT_CAPACITY : CAPACITY
  const limits = { timeoutMs, signal, capacity, preamble: begin.length }
  return new RunningStatement(client, backend.pool, statements.join(';\n'), limits)
}
