import type pg from 'pg'
import type { TableMetadata } from '../../adql/metadata.ts'
import type { Query } from '../../adql/syntax.ts'
import type { Failure } from '../../failure.ts'
import type { Lazy } from '../../lazily.ts'
import { QueryBusyError, QueryServiceError } from '../errors.ts'
import { fieldsOf } from '../fields.ts'
import { type LiveTables, type LiveTablesSource, planByLatest } from '../live-tables.ts'
import type { QueryRequest, RunningQuery } from '../service.ts'
import { nameTables } from '../user-tables.ts'
import { explainConnect } from './acquire.ts'
import { explainError } from './explain.ts'
import { type Plan, type PlanOptions, planQuery } from './plan.ts'
import type { ServerFacts } from './probe.ts'
import { explainRole } from './role-refused.ts'
import type { RunningStatement } from './running.ts'

/** Where a query is sent. */
export interface Backend {
  readonly pool: pg.Pool
  readonly role: string | null
  readonly facts: Lazy<ServerFacts>
}

export interface QueryLogger {
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** One query to be answered, and what the service has for that. */
export interface Work<Release extends LiveTables> {
  readonly request: QueryRequest
  readonly parsed: Query
  readonly startedAt: number
  /** Where the data lie. */
  readonly data: Backend
  /** Where TAP_SCHEMA lies: the same, or another database. */
  readonly slot: Backend
  readonly liveTables: LiveTablesSource<Release>
  readonly plan: PlanOptions
  readonly logger: QueryLogger
}

/** A plan, and what was live when it was made. */
export interface PlanOfRelease<Release extends LiveTables> {
  readonly plan: Plan
  readonly live: Release
}

/** How often a query begins again: another release has gone live, or its connection turned out to be dead. */
export const MOST_ATTEMPTS = 20

export function tooManySwaps(): Failure {
  return new QueryBusyError('The metadata of this service changes all the time: try again in a moment.')
}

/** @throws QueryUnavailableError, QueryBusyError */
export async function factsOf({ facts }: Backend): Promise<ServerFacts> {
  return facts().catch((error: unknown) => {
    throw explainConnect(error)
  })
}

export function backendOf(plan: Plan, { data, slot }: Work<LiveTables>): Backend {
  return plan.readsSlot ? slot : data
}

export function remainingMs({ request, startedAt }: Work<LiveTables>): number {
  return Math.max(1, request.timeoutMs - (performance.now() - startedAt))
}

/**
 * Plans a query by what was live last, or by what is live now where it does not fit that.
 *
 * @param uploads what it can name beside the tables of the service
 * @throws AdqlError
 */
export async function findPlan<Release extends LiveTables>(
  work: Work<Release>,
  uploads: readonly TableMetadata[],
): Promise<PlanOfRelease<Release>> {
  const { parsed, request, liveTables } = work
  const facts = await factsOf(work.data)
  const planBy = (live: Release): PlanOfRelease<Release> => {
    const named = nameTables(live, uploads, request.userTables)
    return { live, plan: planQuery(parsed, named, facts, request.maxRows, work.plan) }
  }
  return planByLatest(liveTables, planBy)
}

/** What an error means for whoever asked; what is the operator's to mend is logged. */
export function explainFailure(error: unknown, plan: Plan, work: Work<LiveTables>): Failure {
  const { tables, userTables, copySql } = plan
  const { adql, timeoutMs } = work.request
  const cause = error instanceof QueryServiceError ? error.cause : error
  const aboutRole = explainRole(cause, backendOf(plan, work).role)
  if (aboutRole !== undefined) return aboutRole
  const elapsedMs = performance.now() - work.startedAt
  const failure = explainError(error, { timeoutMs, elapsedMs, tables, userTables })
  if (failure instanceof QueryServiceError) {
    work.logger.error('the database refused what a query was translated to', {
      error: failure.cause ?? failure,
      adql,
      sql: copySql,
    })
  }
  return failure
}

/** The query whose first row is there. */
export function describeRunning<Release extends LiveTables>(
  running: RunningStatement,
  { plan, live }: PlanOfRelease<Release>,
  { request }: Work<Release>,
  explain: (error: unknown) => Error,
): RunningQuery<Release> {
  if (plan.userTables.length > 0) request.userTables?.noteUse(plan.userTables)
  return {
    columns: plan.columns,
    fields: fieldsOf(plan.columns),
    release: live,
    rows: readRows(running, explain),
    close: () => running.close(),
  }
}

async function* readRows(
  running: RunningStatement,
  explain: (error: unknown) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* running.copy.read()
  } catch (error) {
    throw explain(error)
  } finally {
    await running.close()
  }
}
