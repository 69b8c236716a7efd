import { createHash } from 'node:crypto'
import { failedOperation, QservRefusal } from './envelope.ts'
import type { RunSql, SqlResult } from './run-sql.ts'
import { type Script, scriptIn, USUAL_SCRIPT } from './script.ts'

export type QueryStatus = 'EXECUTING' | 'COMPLETED' | 'FAILED' | 'FAILED_LR' | 'ABORTED'

interface FakeQuery {
  readonly id: bigint
  readonly sql: string
  readonly script: Script
  readonly beganAt: number
  /** What the SQL gave, once it has. */
  answer: { readonly result: SqlResult } | { readonly error: string } | undefined
  /** When it was cancelled. */
  cancelledAt: number | undefined
  /** The czar that ran it has started anew in the meantime; `aborted`: while it ran. */
  forgotten: boolean
  aborted: boolean
  /** Its result was deleted. */
  dropped: boolean
  asked: number
}

export interface QueriesOptions {
  readonly runSql: RunSql
  /** Milliseconds; may be one that a test moves. */
  readonly now: () => number
  readonly firstId: bigint
  /** Results that nobody takes are dropped so long after their query has ended. */
  readonly resultsKeptMs: number
  /** Before API version 40 a result was deleted by reading it. */
  readonly legacy: boolean
}

/** The queries that one czar knows (spec/qserv.md §1.4). */
export class Queries {
  script: Partial<Script> = {}
  readonly #options: QueriesOptions
  readonly #queries = new Map<string, FakeQuery>()
  #next: bigint

  constructor(options: QueriesOptions) {
    this.#options = options
    this.#next = options.firstId
  }

  async submit(sql: string): Promise<bigint> {
    const id = this.#next
    this.#next += 1n
    if (!/^\s*(?:\/\*.*?\*\/\s*)?select\s/i.test(sql)) {
      throw new QservRefusal(`QI=${id}: Failed to instantiate query: ParseException: no viable alternative at input`)
    }
    const script = { ...USUAL_SCRIPT, ...this.script, ...scriptIn(sql) }
    const query: FakeQuery = {
      ...{ id, sql, script, beganAt: this.#options.now() },
      ...{ answer: undefined, cancelledAt: undefined, forgotten: false, aborted: false, dropped: false, asked: 0 },
    }
    if (script.generated !== null) query.answer = { result: { schema: script.generated.schema, rows: [] } }
    else {
      const running = this.#options.runSql(sql).then(
        (result) => {
          query.answer = { result }
        },
        (error: Error) => {
          query.answer = { error: error.message }
        },
      )
      // Tables and columns that are not there are found when the query is analysed, long before it has run.
      await Promise.race([running, pause(50)])
    }
    if (query.answer !== undefined && 'error' in query.answer && /does not exist/.test(query.answer.error)) {
      throw new QservRefusal(`QI=${id}: Failed to instantiate query: AnalysisError: ${query.answer.error}`)
    }
    this.#queries.set(String(id), query)
    return id
  }

  /** @throws QservRefusal for an id that is not known */
  status(id: bigint): Readonly<Record<string, unknown>> {
    const query = this.#queries.get(String(id))
    if (query === undefined) throw new QservRefusal(`failed to obtain info for queryId=${id}, ex: stoul`)
    const { script, sql } = query
    query.asked += 1
    const now = this.#options.now()
    const status = this.statusOf(query)
    const isOver = status !== 'EXECUTING'
    const elapsed = now - query.beganAt - script.queuedMs
    const seen = Math.floor(elapsed / script.progressEveryMs) * script.progressEveryMs
    const share = script.runMs === 0 ? 1 : Math.min(1, Math.max(0, seen / script.runMs))
    const isKnown = elapsed >= 0
    const done = isOver || script.progressMissing ? script.chunks : Math.floor(share * script.chunks)
    const epoch = (time: number) => Math.floor(time / 1000) + script.clockSkewSeconds
    const rows = isOver ? this.#rowsOf(query) : 0
    const chunks = (count: number) => (script.nullChunks ? null : isKnown ? count : 0)
    return {
      queryId: id,
      query: sql,
      status: script.flapping && isOver && query.asked % 2 === 0 ? 'EXECUTING' : this.#shown(status, script),
      error: isOver ? this.#errorOf(query, status) : '',
      czarId: 1,
      czarType: 'http',
      totalChunks: chunks(script.chunks),
      completedChunks: chunks(done),
      collectedBytes: rows * 100,
      collectedRows: rows,
      finalRows: rows,
      queryBeginEpoch: epoch(query.beganAt),
      lastUpdateEpoch: isKnown ? epoch(now) : 0,
    }
  }

  #shown(status: QueryStatus, { strangeStatus }: Script): string {
    return status === 'EXECUTING' && strangeStatus !== null ? strangeStatus : status
  }

  statusOf({ script, beganAt, answer, cancelledAt, aborted }: FakeQuery): QueryStatus {
    const now = this.#options.now()
    const isThrough = answer !== undefined && now >= beganAt + script.queuedMs + script.runMs
    const isCancelled = cancelledAt !== undefined && now >= cancelledAt + script.cancelMs
    if (isCancelled && !(script.cancelTooLate && isThrough)) return 'ABORTED'
    if (aborted) return 'ABORTED'
    if (!isThrough) return 'EXECUTING'
    return 'error' in answer ? 'FAILED' : script.end
  }

  #errorOf({ id, script, answer }: FakeQuery, status: QueryStatus): string {
    if (status === 'FAILED_LR') {
      return (
        script.error ??
        `MERGE_ERROR 1470 (QI=${id}: cancelling the query, queryResult table result_${id}_m is too large at 5368709120 bytes, max allowed size is 5243928576 bytes)`
      )
    }
    if (status !== 'FAILED') return ''
    return script.error ?? (answer !== undefined && 'error' in answer ? answer.error : 'MERGE_ERROR 1105')
  }

  #rowsOf({ script, answer }: FakeQuery): number {
    if (script.generated !== null) return script.generated.rows
    return answer !== undefined && 'result' in answer ? answer.result.rows.length : 0
  }

  /** Answers before it takes effect. */
  cancel(id: bigint): void {
    const query = this.#queries.get(String(id))
    if (query === undefined || query.forgotten) throw failedOperation(`Unknown or finished query ID: CANCEL ${id}`)
    if (this.statusOf(query) !== 'EXECUTING') throw failedOperation(`Query has already finished: CANCEL ${id}`)
    if (query.script.cancelTooLate) return
    query.cancelledAt ??= this.#options.now()
  }

  result(id: bigint): { readonly result: SqlResult; readonly script: Script } {
    const query = this.#completed(id, 'is still executing or it has failed')
    const { answer, script } = query
    if (this.#isGone(query) || answer === undefined || 'error' in answer) {
      throw new QservRefusal(
        `failed query=SELECT * FROM qservResult.result_${id} err=Table 'qservResult.result_${id}' doesn't exist`,
      )
    }
    if (this.#options.legacy) query.dropped = true
    return { result: answer.result, script }
  }

  dropResult(id: bigint): void {
    this.#completed(id, 'is still executing').dropped = true
  }

  #completed(id: bigint, otherwise: string): FakeQuery {
    const query = this.#queries.get(String(id))
    if (query === undefined) throw new QservRefusal(`failed to obtain info for queryId=${id}, ex: stoul`)
    const status = this.statusOf(query)
    if (status === 'COMPLETED') return query
    const tail = otherwise.includes('failed') ? `, status=${status}` : ''
    throw new QservRefusal(`queryId=${id} ${otherwise}${tail}`)
  }

  #isGone({ dropped, beganAt, script }: FakeQuery): boolean {
    const endedAt = beganAt + script.queuedMs + script.runMs
    return dropped || this.#options.now() > endedAt + this.#options.resultsKeptMs
  }

  /** A czar that has started anew knows no query that it could cancel; those that ran are aborted. */
  restart(): void {
    for (const query of this.#queries.values()) {
      query.aborted ||= this.statusOf(query) === 'EXECUTING'
      query.forgotten = true
    }
  }

  /** Ids of the queries that run. */
  live(): readonly string[] {
    return this.#which((query) => this.statusOf(query) === 'EXECUTING')
  }

  /** Ids of the completed queries whose results are still there. */
  unclaimed(): readonly string[] {
    return this.#which((query) => this.statusOf(query) === 'COMPLETED' && !this.#isGone(query))
  }

  #which(test: (query: FakeQuery) => boolean): readonly string[] {
    return [...this.#queries.values()].filter(test).map(({ id }) => String(id))
  }

  /** How often each SQL was submitted, by its hash. */
  submissions(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const { sql } of this.#queries.values()) {
      const hash = createHash('sha256').update(sql).digest('hex')
      counts.set(hash, (counts.get(hash) ?? 0) + 1)
    }
    return counts
  }

  statusById(id: string): QueryStatus | undefined {
    const query = this.#queries.get(id)
    return query === undefined ? undefined : this.statusOf(query)
  }

  sqlOf(id: string): string | undefined {
    return this.#queries.get(id)?.sql
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, milliseconds)
  })
}
