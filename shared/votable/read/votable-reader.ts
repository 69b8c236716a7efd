import type { Field } from '../field.ts'
import { Base64Decoder } from './base64-decoder.ts'
import { shown } from './cell-fault.ts'
import type { Column } from './column.ts'
import { makeColumn } from './make-column.ts'
import { readField } from './read-field.ts'
import { RowWriter } from './row-writer.ts'
import type { TableContext } from './table-context.ts'
import type { Mode, XmlListener } from './xml-feed.ts'

export type Serialization = 'TABLEDATA' | 'BINARY' | 'BINARY2'

type Attributes = Readonly<Record<string, string>>

/** The first TABLE of a VOTable, element by element. Of other elements it only needs to know that they are not it. */
export class VotableReader implements XmlListener {
  mode: Mode = 'elements'
  /** Whether all columns are known, and rows come next, or none. */
  hasHead = false
  /** Whether the table is read to its end. */
  isDone = false
  /** null: the table has no data. */
  serialization: Serialization | null = null
  /** Whether the bytes of its STREAM are packed. */
  isPacked = false
  description: string | undefined
  readonly fields: Field[] = []
  columns: readonly Column[] = []
  /** There from `hasHead` on. */
  rows: RowWriter
  /** Bytes of a STREAM that nobody has taken yet. */
  stream: Buffer[] = []
  readonly #context: TableContext
  readonly #open: string[] = []
  readonly #nulls: (string | undefined)[] = []
  readonly #base64 = new Base64Decoder()
  #inTable = false
  #text = ''
  /** Of the document, where it says that it is an error. */
  #complaint: string | undefined

  constructor(context: TableContext) {
    this.#context = context
    this.rows = new RowWriter([], context)
  }

  open(name: string, attributes: Attributes): void {
    if (this.isDone) return
    const parent = this.#open.at(-1)
    this.#open.push(name)
    if (this.mode === 'pieces') return void this.#openInRows(name, parent, attributes)
    if (parent === undefined && name !== 'VOTABLE') {
      throw this.#context.fault(
        `it is not a VOTable: its first element is <${shown(name).slice(1, -1)}>, not <VOTABLE>`,
      )
    }
    this.#text = ''
    if (name === 'TABLE') this.#openTable(attributes)
    else if (name === 'INFO' && attributes.name === 'QUERY_STATUS' && attributes.value === 'ERROR') this.#complaint = ''
    else if (this.#inTable) this.#openInTable(name, parent, attributes)
  }

  text(text: string): void {
    this.#text += text
  }

  raw(text: string): void {
    this.#take(this.#base64.decode(text))
  }

  close(name: string): void {
    if (this.isDone) return
    this.#open.pop()
    if (this.mode === 'pieces') return void this.#closeInRows(name)
    if (name === 'INFO' && this.#complaint === '') this.#complaint = this.#text.trim()
    if (name === 'STREAM' && this.mode === 'raw') {
      this.#take(this.#base64.end())
      this.mode = 'elements'
      this.isDone = true
    }
    if (this.#inTable) this.#closeInTable(name)
  }

  row(cells: readonly string[]): void {
    const { rows } = this
    rows.begin()
    for (const cell of cells) rows.addText(cell)
    rows.finish()
  }

  /** What there is to say of a document that ends here. */
  explainMissing(): Error {
    if (this.#inTable) return this.#context.fault('the document breaks off in its TABLE')
    const says = this.#complaint === undefined ? '' : `; it says: ${shown(this.#complaint)}`
    return this.#context.fault(`the document has no TABLE${says}`)
  }

  #openTable({ nrows }: Attributes): void {
    this.#inTable = true
    if (nrows !== undefined && Number(nrows) > this.#context.limits.rows) throw this.#context.tooManyRows()
  }

  #openInTable(name: string, parent: string | undefined, attributes: Attributes): void {
    if (name === 'FIELD' && parent === 'TABLE') return void this.#addField(attributes)
    if (name === 'VALUES' && parent === 'FIELD') {
      const index = this.fields.length - 1
      this.#nulls[index] = attributes.null ?? this.#nulls[index]
    } else if (name === 'TABLEDATA' && parent === 'DATA') {
      this.#finishHead('TABLEDATA')
      this.mode = 'pieces'
    } else if ((name === 'BINARY' || name === 'BINARY2') && parent === 'DATA') this.serialization = name
    else if (name === 'STREAM' && this.serialization !== null) this.#openStream(this.serialization, attributes)
    else if (parent === 'DATA') {
      const allowed = 'TABLEDATA, BINARY or BINARY2'
      throw this.#context.fault(`its data are in ${shown(name)}, which is not read here; send it in ${allowed}`)
    }
  }

  #addField(attributes: Attributes): void {
    if (this.fields.length === this.#context.limits.columns) throw this.#context.tooManyColumns()
    const field = readField(attributes, this.fields.length)
    if (typeof field === 'string') throw this.#context.fault(field)
    this.fields.push(field)
  }

  #openStream(serialization: Serialization, { href, encoding = 'none' }: Attributes): void {
    if (href !== undefined) {
      throw this.#context.fault('its STREAM has an href, which is not followed; send the data in the document')
    }
    if (encoding !== 'base64' && encoding !== 'gzip') {
      throw this.#context.fault(`the encoding of its STREAM is ${shown(encoding)}, expected base64`)
    }
    this.isPacked = encoding === 'gzip'
    this.#finishHead(serialization)
    this.mode = 'raw'
  }

  #finishHead(serialization: Serialization | null): void {
    if (this.fields.length === 0) throw this.#context.fault('it has no columns: there is no FIELD before its data')
    this.serialization = serialization
    this.columns = this.fields.map((field, index) => makeColumn(field, this.#nulls[index]))
    this.rows = new RowWriter(this.columns, this.#context)
    this.hasHead = true
  }

  #closeInTable(name: string): void {
    const parent = this.#open.at(-1)
    if (name === 'DESCRIPTION') this.#describe(parent, this.#text.trim().replace(/\s+/g, ' '))
    if (name !== 'TABLE') return
    if (!this.hasHead) this.#finishHead(null)
    this.isDone = true
  }

  #describe(parent: string | undefined, text: string): void {
    if (text === '') return
    const field = this.fields.at(-1)
    if (parent === 'TABLE') this.description = text
    else if (parent === 'FIELD' && field !== undefined) this.fields.splice(-1, 1, { ...field, description: text })
  }

  #take(decoded: Buffer | string): void {
    if (typeof decoded === 'string') throw this.#context.fault(`its STREAM is not base64: ${decoded}`)
    if (decoded.length > 0) this.stream.push(decoded)
  }

  #openInRows(name: string, parent: string | undefined, attributes: Attributes): void {
    if (name === 'TR' && parent === 'TABLEDATA') return void this.rows.begin()
    if (name !== 'TD' || parent !== 'TR') {
      throw this.#context.fault(`row ${this.rows.row} has an element <${name}> in <${parent}>`)
    }
    if (attributes.encoding !== undefined) {
      throw this.#context.fault(`row ${this.rows.row} has a cell with an encoding, which is not read here`)
    }
    this.#text = ''
  }

  #closeInRows(name: string): void {
    if (name === 'TD') this.rows.addText(this.#text)
    else if (name === 'TR') this.rows.finish()
    else {
      this.mode = 'elements'
      this.isDone = true
    }
  }
}
