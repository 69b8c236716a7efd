/** A cell of CSV or TSV; null where there is nothing at all. */
export type DelimitedCell = string | null

export interface Dialect {
  readonly separator: string
  /** Whether cells may stand in quotes, or are escaped by backslashes. */
  readonly quotes: boolean
}

/** RFC 4180: an empty text is "", NULL is nothing. */
export const CSV: Dialect = { separator: ',', quotes: true }

/** Tabs, line ends and backslashes in cells are written \t, \n, \r and \\; there are no quotes. */
export const TSV: Dialect = { separator: '\t', quotes: false }

const QUOTE = 0x22
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Records from text that may be cut anywhere. Lines end with LF, CR or both. */
export class DelimitedRecords {
  readonly #dialect: Dialect
  readonly #take: (cells: readonly DelimitedCell[]) => void
  readonly #separator: number
  readonly #plain: RegExp
  #cells: DelimitedCell[] = []
  #cell = ''
  #isQuoted = false
  #inQuotes = false
  /** The last character was a CR, so that an LF belongs to it. */
  #afterReturn = false

  constructor(dialect: Dialect, take: (cells: readonly DelimitedCell[]) => void) {
    this.#dialect = dialect
    this.#take = take
    this.#separator = dialect.separator.charCodeAt(0)
    this.#plain = new RegExp(`[^${dialect.separator}\r\n]*`, 'y')
  }

  /** @returns what is wrong */
  push(text: string): string | undefined {
    for (let at = 0; at < text.length; ) {
      if (this.#inQuotes) {
        const end = text.indexOf('"', at)
        this.#cell += text.slice(at, end === -1 ? text.length : end)
        this.#inQuotes = end === -1
        at = end === -1 ? text.length : end + 1
        continue
      }
      const code = text.charCodeAt(at)
      const isSecond = this.#afterReturn && code === LINE_FEED
      this.#afterReturn = code === CARRIAGE_RETURN
      if (code === QUOTE && this.#dialect.quotes && (this.#isQuoted || this.#cell === '')) {
        // The second of two quotes is one of the text.
        if (this.#isQuoted) this.#cell += '"'
        this.#isQuoted = true
        this.#inQuotes = true
        at++
      } else if (code === this.#separator) {
        this.#endCell()
        at++
      } else if (code === LINE_FEED || code === CARRIAGE_RETURN) {
        if (!isSecond) this.#endRecord()
        at++
      } else {
        if (this.#isQuoted) return 'there is text between a closing quote and the end of its cell'
        this.#plain.lastIndex = at
        const [plain = ''] = this.#plain.exec(text) ?? []
        this.#cell += plain
        at += plain.length
      }
    }
    return undefined
  }

  /** @returns what is wrong */
  end(): string | undefined {
    if (this.#inQuotes) return 'a quote is never closed'
    if (this.#cells.length > 0 || this.#cell !== '' || this.#isQuoted) this.#endRecord()
    return undefined
  }

  #endCell(): void {
    const cell = this.#cell
    const isNull = cell === '' && !this.#isQuoted
    this.#cells.push(isNull ? null : this.#dialect.quotes ? cell : unescapeCell(cell))
    this.#cell = ''
    this.#isQuoted = false
  }

  #endRecord(): void {
    this.#endCell()
    const cells = this.#cells
    this.#cells = []
    this.#take(cells)
  }
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' }

function unescapeCell(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\([tnr\\])/g, (_, letter: string) => ESCAPES[letter] ?? letter)
}
