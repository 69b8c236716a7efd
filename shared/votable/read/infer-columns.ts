import type { Field } from '../field.ts'
import type { DelimitedCell } from './delimited-records.ts'
import { ELEMENTS, VALUE } from './elements.ts'
import { parseTimestamp } from './timestamp.ts'

type FieldType = Pick<Field, 'datatype' | 'arraysize' | 'xtype'>

const scratch = new DataView(new ArrayBuffer(8))

/** Digits without a zero before them, which would be lost: 007 is a name, not a number. */
const INTEGER = /^[+-]?(?:0|[1-9][0-9]*)$/
const ZEROS = /^[+-]?0[0-9]/

interface Guess {
  readonly type: FieldType
  /** Whether a cell, without the blanks around it, can be of the type. */
  readonly fits: (text: string) => boolean
}

/** The types of CSV's columns, in the order in which they are tried. */
const GUESSES: readonly Guess[] = [
  { type: { datatype: 'boolean' }, fits: (text) => /^(?:true|false)$/i.test(text) },
  {
    type: { datatype: 'long' },
    fits: (text) => INTEGER.test(text) && ELEMENTS.long.parse(text, scratch, 0) === VALUE,
  },
  {
    type: { datatype: 'double' },
    fits: (text) => !ZEROS.test(text) && ELEMENTS.double.parse(text, scratch, 0) === VALUE && isExact(text),
  },
  {
    type: { datatype: 'char', arraysize: '*', xtype: 'timestamp' },
    fits: (text) => text.includes('T') && parseTimestamp(text) !== undefined,
  },
]

/** Whether a double has all digits of an integer, which may be an identifier. */
function isExact(text: string): boolean {
  if (text.length <= 15 || !INTEGER.test(text)) return true
  const digits = text.replace(/^\+/, '')
  // As it is printed again, or as it is.
  return String(Number(text)) === digits || BigInt(Number(text)) === BigInt(digits)
}

const ASCII: FieldType = { datatype: 'char', arraysize: '*' }
const UNICODE: FieldType = { datatype: 'unicodeChar', arraysize: '*' }

/** Finds the type of a column of CSV or TSV, from all its cells: the first that fits all that are not empty. */
export class ColumnType {
  #possible = GUESSES
  #hasValues = false
  #isAscii = true

  add(cell: DelimitedCell): void {
    const text = cell?.trim() ?? ''
    if (text !== '') {
      this.#hasValues = true
      if (!this.#possible.every(({ fits }) => fits(text))) {
        this.#possible = this.#possible.filter(({ fits }) => fits(text))
      }
    }
    if (cell !== null && this.#isAscii) this.#isAscii = !/[^\0-\x7f]/.test(cell)
  }

  get type(): FieldType {
    const [first] = this.#possible
    if (first !== undefined && this.#hasValues) return first.type
    return this.#isAscii ? ASCII : UNICODE
  }
}
