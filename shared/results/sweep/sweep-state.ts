import type { SweepReport } from './report.ts'
import type { Run } from './sweep-run.ts'

/** What lies in the state object of a results bucket. */
export interface SweepState {
  readonly almagest: typeof FORMAT
  /** null: no sweep is running. */
  readonly lease: { readonly owner: string; readonly until: string } | null
  /** null: the last one has finished. */
  readonly run: Run | null
  /** The last one that has finished, and the scheduler's time for it. */
  readonly last: { readonly scheduledFor: string | null; readonly report: SweepReport } | null
}

const FORMAT = 'sweep 1'

export const NO_STATE: SweepState = { almagest: FORMAT, lease: null, run: null, last: null }

/** null: it was not written by this version of the sweep. */
export function parseState(content: Buffer): SweepState | null {
  let value: unknown
  try {
    value = JSON.parse(content.toString())
  } catch {
    return null
  }
  return isState(value) ? value : null
}

export function formatState(state: SweepState): Buffer {
  return Buffer.from(JSON.stringify(state))
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isTime: Check = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value))
const isCount: Check = (value) => typeof value === 'number' && value >= 0

const SURVIVOR = record({ name: isText, timeCreated: isText })

const ROW = record({
  rule: orNull(isText),
  kind: orNull(isText),
  action: oneOf('keep', 'delete'),
  reason: isText,
  objects: isCount,
  bytes: isCount,
  oldest: orNull(SURVIVOR),
  names: listOf(isText),
})

const DELETIONS = record({
  deleted: isCount,
  deletedBytes: isCount,
  absent: isCount,
  replaced: isCount,
  protected: isCount,
  failed: isCount,
  firstProtected: orNull(isText),
  firstFailed: orNull(isText),
  oldestSurvivor: orNull(SURVIVOR),
})

const EFFORT = record({
  calls: isCount,
  listCalls: isCount,
  jobLookups: isCount,
  retries: isCount,
  durationMs: isCount,
})

const RUN = record({
  id: isText,
  startedAt: isTime,
  fingerprint: isText,
  phase: oneOf('survey', 'delete'),
  positions: listOf((position) => position === null || position === true || isText(position)),
  rows: listOf(ROW),
  deletions: DELETIONS,
  // Runs of earlier versions lack it; they have another fingerprint and are begun anew.
  orphansDeleted: (count) => count === undefined || isCount(count),
  effort: EFFORT,
})

const REPORT = record({ outcome: isText, rows: listOf(ROW), deletions: DELETIONS, effort: EFFORT })

const STATE = record({
  almagest: oneOf(FORMAT),
  lease: orNull(record({ owner: isText, until: isTime })),
  run: orNull(RUN),
  last: orNull(record({ scheduledFor: orNull(isText), report: REPORT })),
})

/** Whoever edits it by hand, or writes another version of it, must not make a sweep go wrong in the middle. */
function isState(value: unknown): value is SweepState {
  return STATE(value)
}

function record(fields: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null) return false
    const given: Readonly<Record<string, unknown>> = { ...value }
    return Object.entries(fields).every(([name, check]) => check(given[name]))
  }
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check)
}

function orNull(check: Check): Check {
  return (value) => value === null || check(value)
}

function oneOf(...values: readonly unknown[]): Check {
  return (value) => values.includes(value)
}
