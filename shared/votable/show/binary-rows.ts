import { Failure } from '../../failure.ts'
import { formatDouble, formatFloat } from '../write/number-text.ts'
import { countOf, type ShownCell, type VotableField } from './votable-field.ts'

/** The answer of a service cannot be read. */
export class UnreadableAnswerError extends Failure {
  constructor(message: string) {
    super('unavailable', 'tap_answer', message)
  }
}

/** One value of each type: how many bytes it has, and how it reads. null: NULL where there is no mask. */
interface Element {
  readonly size: number
  readonly read: (view: DataView, at: number) => string | null
}

const complex = (size: number, part: (view: DataView, at: number) => string): Element => ({
  size: 2 * size,
  read: (view, at) => `${part(view, at)} ${part(view, at + size)}`,
})
const float = (view: DataView, at: number) => formatFloat(view.getFloat32(at))
const double = (view: DataView, at: number) => formatDouble(view.getFloat64(at))

/** VOTable 1.4 §6. Texts and bits are read as a whole. */
const ELEMENTS: Readonly<Partial<Record<string, Element>>> = {
  boolean: { size: 1, read: (view, at) => BOOLEANS[String.fromCharCode(view.getUint8(at)).toUpperCase()] ?? null },
  unsignedByte: { size: 1, read: (view, at) => String(view.getUint8(at)) },
  short: { size: 2, read: (view, at) => String(view.getInt16(at)) },
  int: { size: 4, read: (view, at) => String(view.getInt32(at)) },
  long: { size: 8, read: (view, at) => String(view.getBigInt64(at)) },
  float: { size: 4, read: float },
  double: { size: 8, read: double },
  floatComplex: complex(4, float),
  doubleComplex: complex(8, double),
  char: { size: 1, read: () => '' },
  unicodeChar: { size: 2, read: () => '' },
}

const BOOLEANS: Readonly<Record<string, string>> = { T: 'true', 1: 'true', F: 'false', 0: 'false' }

const UTF8 = new TextDecoder('utf-8')
const UTF16 = new TextDecoder('utf-16be')

/** Rows of BINARY, or with masks of BINARY2, from bytes that come in pieces (VOTable 1.4 §5.3, §5.4). */
export class BinaryRows {
  readonly #fields: readonly VotableField[]
  readonly #maskBytes: number
  #rest: Uint8Array = new Uint8Array(0)

  constructor(fields: readonly VotableField[], { masked }: { readonly masked: boolean }) {
    this.#fields = fields
    this.#maskBytes = masked ? Math.ceil(fields.length / 8) : 0
  }

  *push(bytes: Uint8Array): Generator<readonly ShownCell[], void, undefined> {
    const all = this.#rest.length === 0 ? bytes : concatenate(this.#rest, bytes)
    const reader: Reader = { bytes: all, view: new DataView(all.buffer, all.byteOffset, all.length), at: 0 }
    let read = 0
    while (read < all.length) {
      const row = this.#readRow(reader)
      if (row === undefined) break
      read = reader.at
      yield row
    }
    this.#rest = all.slice(read)
  }

  /** @throws UnreadableAnswerError when the last row is not whole */
  end(): void {
    if (this.#rest.length > 0) throw new UnreadableAnswerError('the last row of the answer is cut off')
  }

  /** undefined: not all of it has arrived. */
  #readRow(reader: Reader): ShownCell[] | undefined {
    const mask = take(reader, this.#maskBytes)
    if (mask === undefined) return undefined
    const row: ShownCell[] = []
    for (const [index, field] of this.#fields.entries()) {
      const cell = readCell(reader, field, this.#maskBytes > 0)
      if (cell === undefined) return undefined
      const isNull = ((mask[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0
      row.push(isNull ? null : cell)
    }
    return row
  }
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}

interface Reader {
  readonly bytes: Uint8Array
  readonly view: DataView
  at: number
}

function take(reader: Reader, size: number): Uint8Array | undefined {
  const { bytes, at } = reader
  if (at + size > bytes.length) return undefined
  reader.at += size
  return bytes.subarray(at, at + size)
}

function takeLength(reader: Reader): number | undefined {
  const { view, at } = reader
  return take(reader, 4) === undefined ? undefined : view.getUint32(at)
}

function readCell(reader: Reader, field: VotableField, masked: boolean): ShownCell | undefined {
  const { datatype, arraysize, nullText } = field
  const fixed = countOf(arraysize)
  const prefix = fixed === null ? takeLength(reader) : fixed
  if (prefix === undefined) return undefined
  if (datatype === 'bit') return readBits(reader, prefix)
  const element = ELEMENTS[datatype]
  if (element === undefined) throw new UnreadableAnswerError(`column ${field.name} has an unknown datatype ${datatype}`)
  const start = reader.at
  const bytes = take(reader, prefix * element.size)
  if (bytes === undefined) return undefined
  if (datatype === 'char' || datatype === 'unicodeChar') {
    const text = (datatype === 'char' ? UTF8 : UTF16).decode(bytes).split('\0', 1)[0]
    return text === '' && !masked ? null : text
  }
  const values = Array.from({ length: prefix }, (_, index) => element.read(reader.view, start + index * element.size))
  const text = values.map((value) => value ?? '?').join(' ')
  if (fixed === 1 && values[0] === null) return null
  // Without a mask, NaN and the FIELD's null value stand for NULL.
  return !masked && (text === nullText || text === 'NaN' || text === '') ? null : text
}

function readBits(reader: Reader, count: number): ShownCell | undefined {
  const bytes = take(reader, Math.ceil(count / 8))
  if (bytes === undefined) return undefined
  const bits = Array.from({ length: count }, (_, index) => ((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1)
  return bits.join(' ')
}
