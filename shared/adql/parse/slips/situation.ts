import { findFunction } from '../../functions/table.ts'
import type { Span } from '../../syntax.ts'
import type { Stop } from '../cursor.ts'
import type { Token } from '../tokens.ts'

/** What a rule says of a token that cannot stand where it does. */
export interface Slip {
  readonly message: string
  /** What to write instead, ready to be pasted. */
  readonly suggestions?: readonly string[]
  /** Left out: the token itself. */
  readonly span?: Span
}

/** Recognises one kind of slip. */
export type SlipRule = (situation: Situation) => Slip | undefined

const NOTHING: Token = { kind: 'end', start: 0, end: 0, text: '', reserved: false, glued: false }

/** A token that cannot stand where it does, with what is around it. */
export class Situation {
  readonly stop: Stop
  readonly found: Token
  readonly #expected: ReadonlySet<string>

  constructor(stop: Stop) {
    this.stop = stop
    this.found = stop.tokens[stop.index] ?? NOTHING
    this.#expected = new Set(stop.expected)
  }

  /** The token so many places before (negative) or behind the one that was found. */
  at(offset: number): Token {
    return this.stop.tokens[this.stop.index + offset] ?? NOTHING
  }

  /** Whether the token at that place is one of these keywords or symbols. */
  is(offset: number, ...words: readonly string[]): boolean {
    const { kind, text } = this.at(offset)
    return (kind === 'word' || kind === 'symbol') && words.includes(text)
  }

  /** The token as it was written. */
  written(offset = 0): string {
    const { start, end } = this.at(offset)
    return this.stop.text.slice(start, end)
  }

  expects(...words: readonly string[]): boolean {
    return words.some((word) => this.#expected.has(word))
  }

  /** A value could begin here. */
  get wantsValue(): boolean {
    return this.expects('a column', 'a function')
  }

  /** A value has been read where a condition belongs: what is missing is a comparison. */
  get wantsComparison(): boolean {
    return this.expects('=') && this.expects('BETWEEN')
  }

  get atEnd(): boolean {
    return this.found.kind === 'end'
  }

  /** Index of the innermost parenthesis that is open here; -1 outside of all. */
  get openParenthesis(): number {
    return this.#openBefore(this.stop.index)
  }

  /** The word before the innermost open parenthesis: the function whose arguments are read here. */
  get calledFunction() {
    const open = this.openParenthesis
    const name = this.stop.tokens[open - 1]
    return name?.kind === 'word' ? findFunction(name.text) : undefined
  }

  /** If the token before is a closing parenthesis: the word before the one that it closes. */
  get functionThatEnds(): string | undefined {
    if (!this.is(-1, ')')) return undefined
    const open = this.#openBefore(this.stop.index - 1)
    return this.stop.tokens[open - 1]?.text
  }

  /** Whether the token at that place can end a value or a name. */
  endsValue(offset: number): boolean {
    const { kind, reserved } = this.at(offset)
    if (kind === 'word') return !reserved
    return (
      kind === 'quoted' || kind === 'string' || kind === 'integer' || kind === 'number' || this.is(offset, ')', '*')
    )
  }

  /** Whether the word before was read as an alias, though it may have been meant for a keyword. */
  get aliasBefore(): boolean {
    const { kind, reserved } = this.at(-1)
    return kind === 'word' && !reserved && this.endsValue(-2)
  }

  spanFrom(from: number, to: number): Span {
    return { start: this.at(from).start, end: this.at(to).end }
  }

  #openBefore(index: number): number {
    let closed = 0
    for (let at = index - 1; at >= 0; at--) {
      const { kind, text } = this.stop.tokens[at] ?? NOTHING
      if (kind !== 'symbol') continue
      if (text === ')') closed++
      if (text === '(' && closed-- === 0) return at
    }
    return -1
  }
}
