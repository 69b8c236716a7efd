import type { SweepReport } from './report.ts'
import type { Run } from './run.ts'

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

/** null: it is no state that a sweep has written. */
export function parseState(content: Buffer): SweepState | null {
  let value: unknown
  try {
    value = JSON.parse(content.toString())
  } catch {
    return null
  }
  return isState(value) ? value : null
}

/** Only sweeps write it, whole; the format names what it holds. */
function isState(value: unknown): value is SweepState {
  return typeof value === 'object' && value !== null && 'almagest' in value && value.almagest === FORMAT
}

export function formatState(state: SweepState): Buffer {
  return Buffer.from(JSON.stringify(state))
}
