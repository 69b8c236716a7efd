import type { FunctionRow } from './row.ts'

/** The functions that queries may call, by their names in any case. */
export class FunctionSet {
  readonly rows: readonly FunctionRow[]
  readonly #byName: ReadonlyMap<string, FunctionRow>

  constructor(rows: readonly FunctionRow[]) {
    this.rows = rows
    this.#byName = new Map(rows.map((row) => [row.name.toUpperCase(), row]))
  }

  find(name: string): FunctionRow | undefined {
    return this.#byName.get(name.toUpperCase())
  }

  /** This set with more functions. One that is called like one of these replaces it. */
  with(more: readonly FunctionRow[]): FunctionSet {
    const names = new Set(more.map(({ name }) => name.toUpperCase()))
    return new FunctionSet([...this.rows.filter(({ name }) => !names.has(name.toUpperCase())), ...more])
  }
}
