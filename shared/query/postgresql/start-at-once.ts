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
  const { liveTables } = work
  let lost: Error | undefined
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const found = await findPlan(work, [])
    const { plan, live } = found
    const running = await send(found, work)
    const explain = (error: unknown) => explainFailure(running.reasonOf(error), plan, work)
    try {
      const error = await running.begun()
      const [seen] = running.copy.rows
      const identity = seen === undefined ? (await liveTables.refresh()).identity : seen[0]
      const isLive = identity === live.identity
      if (isLive && error === undefined) return describeRunning(running, found, explain)
      if (isLive && !running.isDead) throw explain(error)
      if (isLive) lost = explain(error)
      else if (seen !== undefined) await liveTables.refresh()
    } catch (error) {
      await running.close()
      throw error
    }
    await running.close()
  }
  throw lost ?? tooManySwaps()
}

async function send<Release extends LiveTables>(
  { plan, live }: PlanOfRelease<Release>,
  work: Work<Release>,
): Promise<RunningStatement> {
  const backend = backendOf(plan, work)
  const facts = await factsOf(backend)
  const { signal } = work.request
  const client = await acquire(backend.pool, signal)
  const timeoutMs = remainingMs(work)
  const begin = [...beginStatements(facts, backend.role, timeoutMs), 'set transaction read only']
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
