import type { Expression, Span, StringLiteral } from '../syntax.ts'
import { type Content, plainContent, type ReadValue, requireString } from './content.ts'
import type { Cursor } from './cursor.ts'
import { atShape, isNumeric, isPointCall, isShape } from './kinds.ts'

/**
 * What stands between the parentheses of a geometry function (ADQL 2.1 §4.2). Arguments are shapes or numbers; a column
 * may be either, which only its type can say, so that POLYGON and others of several forms are sorted out later.
 */
export function readGeometry(cursor: Cursor, name: string, readValue: ReadValue): Content {
  const reader = new ArgumentReader(cursor, readValue)
  const coordinateSystem = CONSTRUCTORS.has(name) ? readCoordinateSystem(cursor) : undefined
  FORMS[name]?.(reader)
  return plainContent(reader.values, coordinateSystem)
}

const CONSTRUCTORS: ReadonlySet<string> = new Set(['BOX', 'CIRCLE', 'POINT', 'POLYGON'])

/** A text before a comma can only be the coordinate system: the rest are numbers and shapes. */
function readCoordinateSystem(cursor: Cursor): StringLiteral | undefined {
  if (!cursor.isAhead(1, ',')) return undefined
  if (cursor.isAhead(0, 'NULL')) {
    const message = "The coordinate system is a text, 'ICRS', or left out; NULL is none."
    throw cursor.refuse(message, cursor.token, { suggestions: ["'ICRS'"] })
  }
  if (cursor.token.kind !== 'string') return undefined
  const { start, end, text } = cursor.take()
  cursor.take()
  return { kind: 'string', value: text, span: { start, end } }
}

class ArgumentReader {
  readonly values: Expression[] = []
  readonly cursor: Cursor
  readonly #readValue: ReadValue

  constructor(cursor: Cursor, readValue: ReadValue) {
    this.cursor = cursor
    this.#readValue = readValue
  }

  number(): Expression {
    this.#comma()
    if (atShape(this.cursor)) throw this.cursor.unexpected()
    return this.#push(this.#readValue(this.cursor))
  }

  shape(): Expression {
    this.#comma()
    this.cursor.expect('a shape')
    const value = this.#readValue(this.cursor)
    if (isNumeric(value) && value.kind !== 'number') throw this.#wrong('A shape, or a column of shapes,', value)
    return this.#push(value)
  }

  point(): Expression {
    this.#comma()
    this.cursor.expect('a point')
    const value = this.#readValue(this.cursor)
    if (isNumeric(value) || isOtherShape(value)) throw this.#wrong('A point', value)
    return this.#push(value)
  }

  /** A point or the first of its two coordinates. */
  pointOrNumber(): Expression {
    this.#comma()
    const value = this.#readValue(this.cursor)
    if (isOtherShape(value)) throw this.#wrong('A point', value)
    return this.#push(value)
  }

  text(): void {
    this.#push(requireString(this.cursor))
  }

  /** Whether another argument follows. */
  more(): boolean {
    return this.cursor.at(',')
  }

  #comma(): void {
    if (this.values.length > 0) this.cursor.require(',')
  }

  #wrong(right: string, value: Expression) {
    const { start, end }: Span = value.kind === 'call' ? value.name.span : value.span
    const found = isShape(value) ? 'another shape' : 'a number'
    return this.cursor.refuse(`${right} belongs here; ${this.cursor.text.slice(start, end)} gives ${found}.`, {
      start,
      end,
    })
  }

  #push(value: Expression): Expression {
    this.values.push(value)
    return value
  }
}

function isOtherShape(value: Expression): boolean {
  return isShape(value) && !isPointCall(value)
}

type Form = (reader: ArgumentReader) => void

const oneShape: Form = (reader) => reader.shape()
const twoShapes: Form = (reader) => {
  reader.shape()
  reader.shape()
}

/** A position, as a point or as two numbers, and so many numbers behind it. */
function around(numbers: number): Form {
  return (reader) => {
    const first = reader.pointOrNumber()
    for (let read = 0; read < numbers; read++) reader.number()
    if (isShape(first)) return
    if (isNumeric(first) || reader.more()) reader.number()
  }
}

const FORMS: Readonly<Record<string, Form>> = {
  AREA: oneShape,
  BOX: around(2),
  CENTROID: oneShape,
  CIRCLE: around(1),
  CONTAINS: twoShapes,
  COORD1: (reader) => reader.point(),
  COORD2: (reader) => reader.point(),
  COORDSYS: oneShape,
  DISTANCE: (reader) => {
    const first = reader.pointOrNumber()
    const second = reader.pointOrNumber()
    if (isShape(first) || isShape(second) || !(isNumeric(first) || isNumeric(second) || reader.more())) return
    reader.number()
    reader.number()
  },
  INTERSECTS: twoShapes,
  POINT: (reader) => {
    reader.number()
    reader.number()
  },
  POLYGON: (reader) => {
    const first = reader.pointOrNumber()
    const next = isShape(first) ? () => reader.point() : () => reader.number()
    next()
    next()
    const ofNumbers = () => !isShape(first) && reader.values.some(isNumeric)
    while (reader.more() || (ofNumbers() && (reader.values.length < 6 || reader.values.length % 2 === 1))) next()
  },
  REGION: (reader) => reader.text(),
}
