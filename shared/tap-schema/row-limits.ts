import { type TapColumn, textLimit } from './tables.ts'

export interface CellProblem {
  readonly code: string
  readonly message: string
}

/** What a column of TAP_SCHEMA cannot hold; null: it can hold this value. */
export type CellCheck = (value: string | number | null) => CellProblem | null

const SMALLEST = -(2 ** 31)
const LARGEST = 2 ** 31 - 1

/** Makes the check of one column: what PostgreSQL would refuse, found before it is asked. */
export function checkOf(column: TapColumn, table: string): CellCheck {
  const place = `tap_schema.${table}.${column.name}`
  const limit = textLimit(column.type)
  return (value) => {
    if (value === null) {
      return column.nullable ? null : { code: 'row_null', message: `${place} must have a value; found null` }
    }
    if (typeof value === 'number') return checkInteger(value, place)
    return limit === null ? null : checkText(value, limit, place)
  }
}

function checkInteger(value: number, place: string): CellProblem | null {
  if (value >= SMALLEST && value <= LARGEST) return null
  return { code: 'row_integer_too_large', message: `${place} holds 32-bit integers; ${value} is out of their range` }
}

function checkText(value: string, limit: number, place: string): CellProblem | null {
  if (value.length > limit) {
    // PostgreSQL counts characters, JavaScript counts UTF-16 units.
    const length = [...value].length
    if (length > limit) {
      return {
        code: 'row_text_too_long',
        message: `${place} holds ${limit} characters; this text has ${length}: '${[...value].slice(0, 40).join('')}…'`,
      }
    }
  }
  if (value.includes('\0')) {
    return { code: 'row_null_character', message: `${place} cannot hold a NUL character (\\0)` }
  }
  return value.isWellFormed()
    ? null
    : { code: 'row_text_broken', message: `${place} cannot hold half of a surrogate pair` }
}
