import { ResultFailure } from '../result-failure.ts'
import { type ColumnPlan, describeType, SENT_BYTES, wrongCount, wrongLength } from './column-plan.ts'

/** PostgreSQL's object identifiers of the element types, by the kinds BOOLEAN to DOUBLE. */
const TYPE_IDS: readonly number[] = [16, 21, 21, 23, 20, 700, 701]

/** Number of dimensions, whether there are NULLs, type of the elements. */
const HEADER_BYTES = 12
/** Size and lower bound. */
const DIMENSION_BYTES = 8

/**
 * The elements of one of PostgreSQL's arrays, flattened: its last dimension varies fastest, as VOTable's first does. One
 * cursor serves all cells.
 */
export class ArrayCell {
  /** How many elements of PostgreSQL's there are. */
  count = 0
  /** Where the bytes of the element begin that `next` found; -1: it is NULL. */
  position = 0
  #view: DataView = new DataView(new ArrayBuffer(0))
  #next = 0
  #end = 0
  #bytes = 0
  #plan: ColumnPlan | undefined

  /** Begins with a cell of so many bytes, which must be an array of the column's type and shape. */
  open(plan: ColumnPlan, view: DataView, position: number, length: number): void {
    const end = position + length
    const dimensions = length < HEADER_BYTES ? -1 : view.getInt32(position)
    const start = position + HEADER_BYTES + dimensions * DIMENSION_BYTES
    if (dimensions < 0 || start > end) throw wrongLength(plan, length)
    const type = view.getInt32(position + 8)
    if (type !== TYPE_IDS[plan.element]) {
      const { name } = plan.field
      throw new ResultFailure(
        `PostgreSQL sent an array of its type ${type} for column ${name}, not ${describeType(plan.field)}`,
      )
    }
    let count = dimensions === 0 ? 0 : 1
    for (let size = position + HEADER_BYTES; size < start; size += DIMENSION_BYTES) count *= view.getInt32(size)
    const fits = plan.count === null ? count % (plan.multiple * plan.parts) === 0 : count === plan.count * plan.parts
    if (!fits) throw wrongCount(plan, count / plan.parts)
    if (count < 0 || count * 4 > end - start) throw wrongLength(plan, length)
    this.count = count
    this.#view = view
    this.#next = start
    this.#end = end
    this.#bytes = SENT_BYTES[plan.element] ?? 0
    this.#plan = plan
    if (count === 0) this.#checkEnd()
  }

  /** Moves on to the next element; called `count` times. */
  next(): void {
    const start = this.#next
    const length = start + 4 > this.#end ? -2 : this.#view.getInt32(start)
    if (length === -1) {
      this.position = -1
      this.#next = start + 4
    } else {
      if (length !== this.#bytes || start + 4 + length > this.#end) this.#fail()
      this.position = start + 4
      this.#next = start + 4 + length
    }
  }

  /** Called after the last element: the cell must end there. */
  close(): void {
    this.#checkEnd()
  }

  #checkEnd(): void {
    if (this.#next !== this.#end) this.#fail()
  }

  #fail(): never {
    throw new ResultFailure(`PostgreSQL sent a damaged array for column ${this.#plan?.field.name}`)
  }
}
