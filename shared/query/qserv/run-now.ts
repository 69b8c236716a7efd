import type { QservClient } from '../../qserv/client.ts'
import type { QservStatus } from '../../qserv/query-status.ts'
import { scanResult } from '../../qserv/scan-result.ts'
import { QueryCancelledError, QueryLimitError } from '../errors.ts'
import { fieldsOf } from '../fields.ts'
import type { LiveTables } from '../live-tables.ts'
import type { QueryRequest, RunningQuery } from '../service.ts'
import { explainEnd, explainQserv } from './explain.ts'
import { pause, pauseMs } from './pauses.ts'
import type { QservPlan } from './plan.ts'
import { Remains, type RemainsTools, type SyncUploads } from './remains.ts'
import type { SyncEntry } from './sync-ledger.ts'

export interface RunTools extends RemainsTools {
  readonly nullText: boolean
  readonly maxResultBytes: number
}

/**
 * Runs a query in Qserv for somebody who waits, and reads its result as it comes. Whatever happens, nothing of it is left
 * in Qserv: `close` cancels what runs, deletes the result and drops what was uploaded.
 *
 * @param entry where it is written what is in Qserv; null: nowhere
 * @throws QueryService's errors
 */
export async function runNow<Release extends LiveTables>(
  plan: QservPlan<Release>,
  request: Pick<QueryRequest, 'maxRows' | 'timeoutMs' | 'signal'>,
  tools: RunTools,
  { entry, uploads }: { readonly entry: SyncEntry | null; readonly uploads: SyncUploads | null },
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
  const remains = new Remains(tools, entry, uploads)
  const close = () => {
    stop.abort()
    return remains.remove()
  }
  try {
    await remains.begin(timeoutMs)
    await remains.load(over)
    const id = await remains.submit(plan.sql)
    const status = await waitForEnd(client, id, over)
    if (status.state !== 'COMPLETED') throw explainEnd(status)
    remains.isCompleted = true
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
    await pause(pauseMs(turn), over)
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

function timeIsUp(timeoutMs: number): QueryLimitError {
  return new QueryLimitError(
    'time',
    `The query did not finish within ${timeoutMs / 1000} s, the limit of this request. Let it find less, or run it as an asynchronous job, which may take longer.`,
  )
}
