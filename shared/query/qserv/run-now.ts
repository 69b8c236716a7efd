import { isOverOrUnknown, isUnknown, type QservClient } from '../../qserv/client.ts'
import type { QservStatus } from '../../qserv/query-status.ts'
import { scanResult } from '../../qserv/scan-result.ts'
import { QueryCancelledError, QueryLimitError } from '../errors.ts'
import { fieldsOf } from '../fields.ts'
import type { LiveTables } from '../live-tables.ts'
import type { QueryLogger } from '../postgresql/work.ts'
import type { QueryRequest, RunningQuery } from '../service.ts'
import { explainEnd, explainQserv } from './explain.ts'
import type { QservPlan } from './plan.ts'

export interface RunTools {
  readonly client: QservClient
  readonly logger: QueryLogger
  readonly nullText: boolean
  readonly maxResultBytes: number
}

/** Pauses between looks at a query that somebody waits for: short at first, then one second (spec/qserv.md §1.8). */
const PAUSES_MS = [40, 80, 160, 320, 640]
const LONGEST_PAUSE_MS = 1_000

/** How long it is seen to that a query is gone, or its result. */
const GIVE_UP_MS = 10_000

/**
 * Runs a query in Qserv for somebody who waits, and reads its result as it comes. Whatever happens, nothing of it is left
 * in Qserv: `close` cancels what runs, and deletes the result.
 *
 * @throws QueryService's errors
 */
export async function runNow<Release extends LiveTables>(
  plan: QservPlan<Release>,
  request: Pick<QueryRequest, 'maxRows' | 'timeoutMs' | 'signal'>,
  tools: RunTools,
): Promise<RunningQuery<Release>> {
  const { client } = tools
  const { maxRows, timeoutMs, signal } = request
  const time = AbortSignal.timeout(Math.max(1, timeoutMs))
  const stop = new AbortController()
  const over = AbortSignal.any([time, stop.signal, ...(signal === undefined ? [] : [signal])])
  const explain = (error: unknown) => {
    if (signal?.aborted === true || stop.signal.aborted) return new QueryCancelledError(error)
    if (time.aborted) return timeIsUp(timeoutMs)
    const failure = explainQserv(error)
    if (failure.kind === 'misconfigured') tools.logger.error('Qserv could not answer a query', { error, sql: plan.sql })
    return failure
  }
  if (over.aborted) throw explain(over.reason)
  // Not broken off: only its id tells what has to be cancelled.
  const id = await client.submit(plan.sql).catch((error: unknown) => {
    throw explain(error)
  })
  let closing: Promise<void> | undefined
  let isCompleted = false
  const close = () => {
    stop.abort()
    closing ??= (isCompleted ? client.deleteResult(id) : removeFromQserv(client, id)).catch((error: unknown) => {
      tools.logger.error(`query ${id} could not be removed from Qserv`, { query: id, error })
    })
    return closing
  }
  try {
    const status = await waitForEnd(client, id, over)
    if (status.state !== 'COMPLETED') throw explainEnd(status)
    isCompleted = true
    checkSize(status, tools.maxResultBytes)
    const document = await client.openResult(id, over)
    const { scanned: columns, live } = plan
    const rows = scanResult(document, { columns, maxRows, nullText: tools.nullText })
    return {
      columns: plan.columns,
      fields: fieldsOf(plan.columns),
      release: live,
      rows: read(rows, explain, close),
      close,
    }
  } catch (error) {
    const failure = explain(error)
    await close()
    throw failure
  }
}

async function* read(
  rows: AsyncIterable<Uint8Array>,
  explain: (error: unknown) => Error,
  close: () => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* rows
  } catch (error) {
    throw explain(error)
  } finally {
    // Who reads the last rows need not wait until the result is deleted; who closes does.
    void close()
  }
}

async function waitForEnd(client: QservClient, id: string, over: AbortSignal): Promise<QservStatus> {
  for (let turn = 0; ; turn++) {
    await pause(PAUSES_MS[turn] ?? LONGEST_PAUSE_MS, over)
    const status = await client.status(id, over)
    if (status.state !== 'EXECUTING') return status
  }
}

/** @throws QueryLimitError */
export function checkSize({ bytes }: Pick<QservStatus, 'bytes'>, most: number): void {
  if (bytes === null || bytes <= most) return
  throw new QueryLimitError(
    'size',
    `The result has ${(bytes / 1e6).toFixed(0)} MB, and this service takes up to ${(most / 1e6).toFixed(0)} MB. Select fewer columns, or search a smaller area.`,
  )
}

/**
 * Cancels a query until Qserv says that it has ended, and deletes what it may have left.
 *
 * @throws QservUnavailableError and others, where it is not known that nothing is left
 */
export async function removeFromQserv(client: QservClient, id: string): Promise<void> {
  const until = performance.now() + GIVE_UP_MS
  for (let turn = 0; ; turn++) {
    const state = await stateOf(client, id)
    if (state === 'COMPLETED') return client.deleteResult(id)
    if (state !== 'EXECUTING') return
    if (performance.now() > until) throw new Error(`Qserv has not ended query ${id} within ${GIVE_UP_MS / 1000} s`)
    await client.cancel(id).catch((error: unknown) => {
      if (!isOverOrUnknown(error)) throw error
    })
    await pause(PAUSES_MS[turn] ?? LONGEST_PAUSE_MS)
  }
}

/** null: Qserv does not know it any more. */
async function stateOf(client: QservClient, id: string): Promise<QservStatus['state'] | null> {
  try {
    return (await client.status(id)).state
  } catch (error) {
    if (isUnknown(error)) return null
    throw error
  }
}

function timeIsUp(timeoutMs: number): QueryLimitError {
  return new QueryLimitError(
    'time',
    `The query did not finish within ${timeoutMs / 1000} s, the limit of this request. Let it find less, or run it as an asynchronous job, which may take longer.`,
  )
}

function pause(milliseconds: number, over?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (over?.aborted === true) return reject(over.reason)
    const abort = () => {
      clearTimeout(timer)
      reject(over?.reason)
    }
    const timer = setTimeout(() => {
      over?.removeEventListener('abort', abort)
      resolve()
    }, milliseconds)
    over?.addEventListener('abort', abort, { once: true })
  })
}
