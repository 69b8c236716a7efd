import type { ResultKind } from '../../environment/results.ts'
import type { Classified } from '../classify/classify-page.ts'
import type { Reason, Verdict } from '../classify/classify-result.ts'

/** The objects of one rule that met the same verdict. */
export interface TallyRow {
  /** null: they fit no rule. */
  readonly rule: string | null
  readonly kind: ResultKind | null
  readonly action: Verdict['action']
  readonly reason: Reason
  objects: number
  bytes: number
  oldest: { name: string; timeCreated: string } | null
  /** The first ones that were met. */
  readonly names: string[]
}

const NAMES = 5

/** Counts verdicts; it stays small however many there are, and can be saved as it is. */
export class Tally {
  readonly #rows = new Map<string, TallyRow>()

  constructor(rows: readonly TallyRow[] = []) {
    for (const row of rows) this.#rows.set(keyOf(row), row)
  }

  add({ object, rule, verdict }: Classified): void {
    const fresh = { rule: rule?.name ?? null, kind: rule?.kind ?? null, ...verdict }
    const key = keyOf(fresh)
    const row = this.#rows.get(key) ?? { ...fresh, objects: 0, bytes: 0, oldest: null, names: [] }
    this.#rows.set(key, row)
    const { name, timeCreated, size } = object
    row.objects += 1
    row.bytes += size
    if (row.oldest === null || timeCreated < row.oldest.timeCreated) row.oldest = { name, timeCreated }
    if (row.names.length < NAMES) row.names.push(name)
  }

  total(action?: Verdict['action']): { objects: number; bytes: number } {
    const total = { objects: 0, bytes: 0 }
    for (const row of this.#rows.values()) {
      if (action !== undefined && row.action !== action) continue
      total.objects += row.objects
      total.bytes += row.bytes
    }
    return total
  }

  /** What is to be deleted first, then the largest first. */
  rows(): TallyRow[] {
    return [...this.#rows.values()].sort(
      (a, b) => a.action.localeCompare(b.action) || b.objects - a.objects || keyOf(a).localeCompare(keyOf(b)),
    )
  }
}

function keyOf({ rule, reason }: Pick<TallyRow, 'rule' | 'reason'>): string {
  return JSON.stringify([rule, reason])
}
