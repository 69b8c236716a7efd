import { parseArraysize } from '../field.ts'

/** A column of a service's table. */
export interface VotableField {
  readonly name: string
  readonly datatype: string
  readonly arraysize: string | undefined
  readonly unit: string | undefined
  readonly ucd: string | undefined
  /** What stands for NULL (VOTable 1.4 §4.7). */
  readonly nullText: string | undefined
}

/** A value as it is shown; null: NULL. */
export type ShownCell = string | null

const NUMBERS: ReadonlySet<string> = new Set(['unsignedByte', 'short', 'int', 'long', 'float', 'double'])

/** Whether its values are single numbers. */
export function isNumeric({ datatype, arraysize }: VotableField): boolean {
  return NUMBERS.has(datatype) && countOf(arraysize) === 1
}

/** How many values a cell has; null: it says so itself. */
export function countOf(arraysize: string | undefined): number | null {
  return parseArraysize(arraysize)?.count ?? null
}
