import type { LiveTables } from '../live-tables.ts'
import type { RunningQuery } from '../service.ts'
import { acquire } from './acquire.ts'
import { describeUploads } from './load-uploads.ts'
import { PreparedTransaction } from './prepared.ts'
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
 * Answers a query in a transaction that is prepared first: uploads are loaded into tables of its own. A query that is
 * wrong loads nothing.
 */
export async function startPrepared<Release extends LiveTables>(work: Work<Release>): Promise<RunningQuery<Release>> {
  const { uploads, signal } = work.request
  const tables = describeUploads(uploads)
  let found = await findPlan(work, tables)
  const backend = backendOf(found.plan, work)
  const facts = await factsOf(backend)
  const client = await acquire(backend.pool, { waitMs: remainingMs(work), signal })
  const prepared = new PreparedTransaction(client, { timeoutMs: remainingMs(work), signal })
  try {
    // A replica refuses even to begin to write; there it is refused when the first table is made, with what users can read.
    const access = facts.isReplica ? 'read only' : 'read write'
    await prepared.begin(beginStatements(facts, backend.role, remainingMs(work), access).join(';\n'), uploads)
    for (let attempt = 1; !(await isLive(found, prepared, work)); attempt++) {
      await prepared.refresh(backend === work.slot, work.liveTables)
      found = await findPlan(work, tables)
      // The uploads are in the other database now.
      if (attempt === MOST_ATTEMPTS || backendOf(found.plan, work) !== backend) throw tooManySwaps()
    }
  } catch (error) {
    await prepared.abandon()
    throw explainFailure(error, found.plan, work)
  }
  const { plan } = found
  const timeoutMs = remainingMs(work)
  const before = [`set local statement_timeout = ${Math.ceil(timeoutMs)}`, ...plan.preparation]
  const text = [...before, plan.copySql, 'commit'].join(';\n')
  const capacity = plan.readsSlot ? SLOT_CAPACITY : CAPACITY
  const running = new RunningStatement(prepared.release(), backend.pool, text, {
    timeoutMs,
    signal,
    capacity,
    preamble: before.length,
  })
  const explain = (error: unknown) => explainFailure(running.reasonOf(error), plan, work)
  const error = await running.begun()
  if (error === undefined) return describeRunning(running, found, work, explain)
  const failure = explain(error)
  await running.close()
  throw failure
}

/** Whether a plan is of what is live, which stays so until the end of the transaction if the plan reads it. */
async function isLive<Release extends LiveTables>(
  { plan, live }: PlanOfRelease<Release>,
  prepared: PreparedTransaction,
  work: Work<Release>,
): Promise<boolean> {
  const { liveTables } = work
  const isHere = backendOf(plan, work) === work.slot
  const lock = plan.readsSlot ? [live.lockSql] : []
  const identity = isHere
    ? await prepared.ask([...lock, liveTables.identitySql])
    : (await liveTables.refresh()).identity
  return identity === live.identity
}
