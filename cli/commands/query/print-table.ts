import { once } from 'node:events'
import { UnreadableAnswerError } from '../../../shared/votable/show/binary-rows.ts'
import { readVotable } from '../../../shared/votable/show/read-votable.ts'
import type { ShownCell, VotableField } from '../../../shared/votable/show/votable-field.ts'
import { RefusedQueryError } from '../../tap-client/service-error.ts'
import { layOut, type TableLayout } from './table-layout.ts'

export interface PrintedTable {
  readonly rows: number
  readonly overflow: boolean
  readonly hidden: readonly string[]
}

/** Rows from which widths are found; later ones that are wider stand out. */
const LOOKED_AT = 500
/** Lines are written in pieces of this size. */
const PIECE = 64 * 1024

/**
 * Prints the table of a VOTable as it arrives; memory does not grow with the number of rows.
 *
 * @throws RefusedQueryError when the document says that the query failed, also at its end; UnreadableAnswerError
 */
export async function printTable(
  bytes: AsyncIterable<Uint8Array>,
  width: number | undefined,
  out: NodeJS.WritableStream,
): Promise<PrintedTable> {
  const lines = new Lines(out)
  let fields: readonly VotableField[] | undefined
  let layout: TableLayout | undefined
  let first: (readonly ShownCell[])[] = []
  let rows = 0
  let overflow = false
  const lay = async (): Promise<TableLayout> => {
    const made = layOut(fields ?? [], first, width)
    for (const line of [...made.heading, ...first.map(made.format)]) await lines.write(line)
    first = []
    return made
  }
  for await (const event of readVotable(bytes)) {
    if (event.kind === 'fields') fields = event.fields
    else if (event.kind === 'row') {
      rows += 1
      if (layout !== undefined) await lines.write(layout.format(event.cells))
      else if (first.push(event.cells) === LOOKED_AT) layout = await lay()
    } else if (event.name === 'QUERY_STATUS') {
      if (event.value === 'OVERFLOW') overflow = true
      if (event.value === 'ERROR') {
        layout ??= await lay()
        await lines.end()
        throw new RefusedQueryError(event.text)
      }
    }
  }
  if (fields === undefined) throw new UnreadableAnswerError('the answer has no table')
  layout ??= await lay()
  await lines.end()
  return { rows, overflow, hidden: layout.hidden }
}

class Lines {
  readonly #out: NodeJS.WritableStream
  #piece = ''

  constructor(out: NodeJS.WritableStream) {
    this.#out = out
  }

  async write(line: string): Promise<void> {
    this.#piece += `${line}\n`
    if (this.#piece.length >= PIECE) await this.end()
  }

  async end(): Promise<void> {
    const piece = this.#piece
    this.#piece = ''
    if (piece !== '' && !this.#out.write(piece)) await once(this.#out, 'drain')
  }
}
