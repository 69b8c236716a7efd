import { AdqlError, type AdqlErrorDetails } from '../error.ts'
import type { Limits } from '../limits.ts'
import type { Condition, ExtensionUse, Name, NestedQuery, QueryExpression, Span, WholeNumber } from '../syntax.ts'
import { readTokens, type Token } from './tokens.ts'

/** What a syntax error is explained from: see `slips.ts`. */
export interface Stop {
  readonly text: string
  readonly tokens: readonly Token[]
  /** Index of the token that cannot stand there. */
  readonly index: number
  /** What could stand there: keywords and symbols as they are, others in words (`a column`). */
  readonly expected: readonly string[]
  /** The same for the token before. */
  readonly expectedBefore: readonly string[]
}

/** Given, because queries hold conditions, conditions hold values, and both hold queries. */
export interface Readers {
  /** Reads what stands between the parentheses of a subquery. */
  readonly queryExpression: (cursor: Cursor, first?: NestedQuery) => QueryExpression
  readonly condition: (cursor: Cursor) => Condition
}

/** Reads tokens from left to right and remembers what it looked for, so that an error can say what could stand there. */
export class Cursor {
  readonly text: string
  readonly limits: Limits
  readonly extensions: ExtensionUse[] = []
  readonly readers: Readers
  readonly #tokens: readonly Token[]
  readonly #explain: (stop: Stop) => AdqlError
  #index = 0
  #expected: string[] = []
  #expectedBefore: string[] = []
  #depth = 0
  readonly #counts: { selects: number; tables: number; operators: number } = { selects: 0, tables: 0, operators: 0 }

  constructor(text: string, limits: Limits, readers: Readers, explain: (stop: Stop) => AdqlError) {
    this.text = text
    this.limits = limits
    this.readers = readers
    this.#explain = explain
    this.#tokens = readTokens(text)
  }

  get token(): Token {
    return this.peek(0)
  }

  /** The token `ahead` places further on; the last one is `end`. */
  peek(ahead: number): Token {
    const token = this.#tokens[this.#index + ahead] ?? this.#tokens.at(-1)
    if (token === undefined) throw new RangeError('a query has at least the token that ends it')
    return token
  }

  /** Where the last token that was taken ends. */
  get end(): number {
    return this.#tokens[this.#index - 1]?.end ?? 0
  }

  take(): Token {
    const token = this.token
    this.#index++
    this.#expectedBefore = this.#expected
    this.#expected = []
    return token
  }

  /** Notes what would be right here, for the message if nothing is. */
  expect(...words: readonly string[]): void {
    this.#expected.push(...words)
  }

  /** Whether the next token is this keyword (in upper case) or symbol. */
  at(word: string): boolean {
    const { kind, text } = this.token
    if (text === word && (kind === 'word' || kind === 'symbol')) return true
    this.#expected.push(word)
    return false
  }

  accept(word: string): boolean {
    if (!this.at(word)) return false
    this.take()
    return true
  }

  require(word: string): void {
    if (!this.accept(word)) throw this.unexpected()
  }

  /** Whether the token `ahead` is this keyword or symbol; nothing is noted. */
  isAhead(ahead: number, word: string): boolean {
    const { kind, text } = this.peek(ahead)
    return text === word && (kind === 'word' || kind === 'symbol')
  }

  /** Whether an identifier follows: quoted, or a word that is not reserved. */
  atName(what: string): boolean {
    const { kind, reserved } = this.token
    if (kind === 'quoted' || (kind === 'word' && !reserved)) return true
    this.#expected.push(what)
    return false
  }

  takeName(): Name {
    const { kind, start, end, text } = this.take()
    const quoted = kind === 'quoted'
    return { span: { start, end }, text: quoted ? text : this.text.slice(start, end), quoted }
  }

  requireName(what: string): Name {
    if (!this.atName(what)) throw this.unexpected()
    return this.takeName()
  }

  requireWholeNumber(what: string): WholeNumber {
    if (this.token.kind !== 'integer') {
      this.#expected.push(what)
      throw this.unexpected()
    }
    const { start, end, text } = this.takeNumber()
    if (text.length > 19 || BigInt(text) > 9_223_372_036_854_775_807n) {
      throw new AdqlError('limit', `${text} is too large: the largest number here is 9223372036854775807.`, {
        start,
        end,
      })
    }
    return { span: { start, end }, value: BigInt(text) }
  }

  /** Takes a number, which a blank must part from a word behind it (SQL-92 §5.2); we do without before a keyword. */
  takeNumber(): Token {
    const number = this.take()
    if (this.token.glued && !this.token.reserved) throw this.unexpected()
    if (this.token.glued) this.noteExtension('keyword-after-number', this.token)
    return number
  }

  /** The span from `start` to the end of the last token that was taken. */
  since(start: number): Span {
    return { start, end: this.end }
  }

  noteExtension(name: string, span: Span): void {
    this.extensions.push({ name, span: { start: span.start, end: span.end } })
  }

  /** Runs `read` one level deeper; refuses what is nested too deep, so that no text can exhaust the stack. */
  nested<T>(read: () => T): T {
    if (this.#depth >= this.limits.nesting) {
      throw this.#tooMany(`The query is nested more than ${this.limits.nesting} levels deep here.`)
    }
    this.#depth++
    const result = read()
    this.#depth--
    return result
  }

  /** Counts one more of these; refuses what is beyond the limit. */
  count(what: 'selects' | 'tables' | 'operators'): void {
    this.#counts[what]++
    if (this.#counts[what] <= this.limits[what]) return
    const words = { selects: 'SELECTs', tables: 'tables', operators: 'operators' }[what]
    throw this.#tooMany(`A query may have ${this.limits[what]} ${words} at most; this is one more.`)
  }

  refuseMoreValues(): AdqlError {
    return this.#tooMany(
      `A list of IN may have ${this.limits.inValues} values at most; this is one more. Upload a table of the values and join it.`,
    )
  }

  #tooMany(message: string): AdqlError {
    return new AdqlError('limit', message, this.token)
  }

  /** The error about the token `back` places before the next one, which cannot stand there. */
  unexpected(back = 0): AdqlError {
    const index = Math.min(this.#index, this.#tokens.length - 1) - back
    return this.#explain({
      text: this.text,
      tokens: this.#tokens,
      index,
      expected: [...new Set(back === 0 ? this.#expected : this.#expectedBefore)],
      expectedBefore: [...new Set(back === 0 ? this.#expectedBefore : [])],
    })
  }

  /** A syntax error in words of its own. */
  refuse(message: string, span: Span, details: AdqlErrorDetails = {}): AdqlError {
    return new AdqlError('syntax', message, { start: span.start, end: span.end }, details)
  }
}
