import type { SkyCase } from './adql-sky.ts'

type Cell = unknown

/**
 * How the rows differ from those that the case wants, as the README beside the cases says: blanks at the end of text do
 * not count, numbers agree within the tolerance, NaN equals NaN. Undefined: they do not.
 */
export function differenceOf({ expect: wanted, tolerance = 0, relative }: SkyCase, rows: readonly Cell[][]) {
  if (wanted.error !== undefined) return `${rows.length} rows instead of an error`
  const expected = wanted.rows ?? wanted.rowsUnordered ?? []
  if (expected.length !== rows.length) return `${rows.length} rows instead of ${expected.length}`
  const equal = (a: Cell, b: Cell): boolean => {
    if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((cell, i) => equal(cell, b[i]))
    if (typeof a !== 'number' || typeof b !== 'number') return normal(a) === normal(b)
    const scale = Math.max(Math.abs(a), Math.abs(b), relative ? 0 : 1)
    return Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * scale
  }
  const rest = [...rows]
  for (const [index, row] of expected.entries()) {
    const found = wanted.rows === undefined ? rest.findIndex((candidate) => equal(row, candidate)) : 0
    if (found < 0 || !equal(row, rest[found]))
      return `row ${index}: ${JSON.stringify(row)}, not ${JSON.stringify(rest[Math.max(found, 0)])}`
    rest.splice(found, 1)
  }
  return undefined
}

function normal(cell: Cell): Cell {
  if (typeof cell === 'number' && Number.isNaN(cell)) return 'NaN'
  return typeof cell === 'string' ? cell.trimEnd() : cell
}
