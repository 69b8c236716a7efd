import { BinaryRows, UnreadableAnswerError } from './binary-rows.ts'
import { XmlScanner, type XmlToken } from './scan-xml.ts'
import type { ShownCell, VotableField } from './votable-field.ts'

/** What a document says, in its order. */
export type VotableEvent =
  | { readonly kind: 'fields'; readonly fields: readonly VotableField[] }
  | { readonly kind: 'row'; readonly cells: readonly ShownCell[] }
  | { readonly kind: 'info'; readonly name: string; readonly value: string; readonly text: string }

/**
 * Reads the first table of a VOTable, whatever its serialization, and all INFO elements, as the document arrives.
 *
 * @throws UnreadableAnswerError
 */
export async function* readVotable(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<VotableEvent, void, undefined> {
  const decoder = new TextDecoder()
  const scanner = new XmlScanner()
  const reading = new VotableReading()
  for await (const chunk of bytes) {
    for (const token of scanner.push(decoder.decode(chunk, { stream: true }))) yield* reading.take(token)
  }
  if (!reading.isWhole) throw new UnreadableAnswerError('the answer is not a complete VOTable: it ends too early')
}

class VotableReading {
  isWhole = false
  readonly #fields: VotableField[] = []
  #field: VotableField | undefined
  /** The text of the element that is being read, where it matters. */
  #text: string[] | undefined
  #info: { readonly name: string; readonly value: string } | undefined
  #row: ShownCell[] = []
  #binary: BinaryRows | undefined
  /** Base64 that is no multiple of four characters yet. */
  #base64 = ''
  #isInStream = false
  #hasFields = false
  #hasTable = false;

  *take(token: XmlToken): Generator<VotableEvent, void, undefined> {
    if (token.kind === 'text') {
      if (this.#isInStream) yield* this.#readStream(token.text)
      else this.#text?.push(token.text)
    } else if (token.kind === 'open') yield* this.#open(token.name, token.attributes)
    else yield* this.#close(token.name)
  }

  *#open(name: string, attributes: ReadonlyMap<string, string>): Generator<VotableEvent, void, undefined> {
    if (name === 'INFO') {
      this.#info = { name: attributes.get('name') ?? '', value: attributes.get('value') ?? '' }
      this.#text = []
    }
    if (this.#hasTable) return
    switch (name) {
      case 'FIELD':
        this.#field = fieldOf(attributes, this.#fields.length)
        break
      case 'VALUES':
        if (this.#field !== undefined) this.#field = { ...this.#field, nullText: attributes.get('null') }
        break
      case 'TD':
        this.#text = []
        break
      case 'TR':
        this.#row = []
        break
      case 'TABLEDATA':
        yield* this.#endFields()
        break
      case 'BINARY':
      case 'BINARY2':
        yield* this.#endFields()
        this.#binary = new BinaryRows(this.#fields, { masked: name === 'BINARY2' })
        break
      case 'STREAM':
        if (attributes.has('href')) throw new UnreadableAnswerError('the rows of the answer lie at another address')
        if (this.#binary === undefined) throw new UnreadableAnswerError('the answer has rows of an unknown kind')
        this.#isInStream = true
        break
      case 'FITS':
        throw new UnreadableAnswerError('the rows of the answer are FITS')
    }
  }

  *#close(name: string): Generator<VotableEvent, void, undefined> {
    const text = this.#text?.join('') ?? ''
    switch (name) {
      case 'VOTABLE':
        this.isWhole = true
        break
      case 'INFO':
        if (this.#info !== undefined) yield { kind: 'info', ...this.#info, text: text.trim() }
        this.#info = undefined
        this.#text = undefined
        break
      case 'FIELD':
        if (this.#field !== undefined) this.#fields.push(this.#field)
        this.#field = undefined
        break
      case 'TD':
        if (!this.#hasTable) this.#row.push(cellOf(text, this.#fields[this.#row.length]))
        this.#text = undefined
        break
      case 'TR':
        if (!this.#hasTable) yield { kind: 'row', cells: this.#row }
        break
      case 'STREAM':
        this.#isInStream = false
        this.#binary?.end()
        break
      case 'TABLE':
        // Without DATA there are no rows (VOTable 1.4 §5).
        yield* this.#endFields()
        this.#hasTable = true
    }
  }

  *#endFields(): Generator<VotableEvent, void, undefined> {
    if (!this.#hasFields) yield { kind: 'fields', fields: this.#fields }
    this.#hasFields = true
  }

  *#readStream(text: string): Generator<VotableEvent, void, undefined> {
    const all = this.#base64 + text.replace(/\s+/g, '')
    const whole = all.length - (all.length % 4)
    this.#base64 = all.slice(whole)
    for (const cells of this.#binary?.push(decodeBase64(all.slice(0, whole))) ?? []) yield { kind: 'row', cells }
  }
}

/** With what browsers have too. */
function decodeBase64(text: string): Uint8Array {
  let characters: string
  try {
    characters = atob(text)
  } catch {
    throw new UnreadableAnswerError('the rows of the answer are not base64')
  }
  const bytes = new Uint8Array(characters.length)
  for (let index = 0; index < characters.length; index++) bytes[index] = characters.charCodeAt(index)
  return bytes
}

function fieldOf(attributes: ReadonlyMap<string, string>, index: number): VotableField {
  return {
    name: attributes.get('name') ?? `column ${index + 1}`,
    datatype: attributes.get('datatype') ?? 'char',
    arraysize: attributes.get('arraysize'),
    unit: attributes.get('unit') || undefined,
    ucd: attributes.get('ucd') || undefined,
    nullText: undefined,
  }
}

/** An empty cell is NULL (VOTable 1.4 §5.1). */
function cellOf(text: string, field: VotableField | undefined): ShownCell {
  const isText = field?.datatype === 'char' || field?.datatype === 'unicodeChar'
  const shown = isText ? text : text.trim()
  return shown === '' || shown === field?.nullText ? null : shown
}
