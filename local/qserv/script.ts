/** How a query of the fake goes on, from its submission to its end. Times in milliseconds after that. */
export interface Script {
  /** Until its progress is known: EXECUTING with 0 of 0 chunks. */
  readonly queuedMs: number
  /** How long its chunks take after that. */
  readonly runMs: number
  readonly chunks: number
  /** Chunks that are done are counted only so often. */
  readonly progressEveryMs: number
  readonly end: 'COMPLETED' | 'FAILED' | 'FAILED_LR' | 'ABORTED'
  /** Of one that fails; the SQL's own error where that fails. */
  readonly error: string | null
  /** While it runs, all chunks are said to be done: the row of its progress is missing. */
  readonly progressMissing: boolean
  /** Chunks are null. */
  readonly nullChunks: boolean
  /** How long a cancel takes to work. */
  readonly cancelMs: number
  /** The query completes before a cancel can end it. */
  readonly cancelTooLate: boolean
  /** Status of one that has ended: EXECUTING, every second time it is asked for. */
  readonly flapping: boolean
  /** A status that the API does not know, instead of EXECUTING. */
  readonly strangeStatus: string | null
  /** Added to every time of the status, in seconds. */
  readonly clockSkewSeconds: number
  /** The result cannot be serialised: it has text that is not UTF-8. */
  readonly invalidUtf8: boolean
  /** A result that is made up, whatever the SQL. */
  readonly generated: GeneratedResult | null
}

export interface GeneratedResult {
  readonly rows: number
  /** Rows in JSON, `["1","2.5"]`, that come again and again. */
  readonly cycle: readonly string[]
  readonly schema: readonly ResultColumnType[]
}

export interface ResultColumnType {
  readonly column: string
  /** `BIGINT(20)` */
  readonly type: string
  readonly is_binary: 0 | 1
}

export const USUAL_SCRIPT: Script = {
  queuedMs: 0,
  runMs: 0,
  chunks: 10,
  progressEveryMs: 50,
  end: 'COMPLETED',
  error: null,
  progressMissing: false,
  nullChunks: false,
  cancelMs: 0,
  cancelTooLate: false,
  flapping: false,
  strangeStatus: null,
  clockSkewSeconds: 0,
  invalidUtf8: false,
  generated: null,
}

/** What a comment of the SQL asks for: `/* fake {"runMs": 200} *\/`. */
export function scriptIn(sql: string): Partial<Script> {
  const [, json] = /\/\* ?fake (\{.*?\}) ?\*\//.exec(sql) ?? []
  return json === undefined ? {} : (JSON.parse(json) as Partial<Script>)
}
