import type { Token } from './tokens.ts'

/** Why a text is not a unit, at a place in it. */
export class UnitError extends Error {
  readonly at: number
  /** The unknown name, where that is the reason. */
  readonly word: string | undefined

  constructor(at: number, message: string, word?: string) {
    super(message)
    this.name = 'UnitError'
    this.at = at
    this.word = word
  }
}

/** The tokens of a text, with one of them in view. */
export class TokenCursor {
  readonly #tokens: Iterator<Token, void>
  #next: Token

  constructor(tokens: Iterator<Token, void>) {
    this.#tokens = tokens
    this.#next = { kind: 'end', at: 0 }
    this.take()
  }

  peek(): Token {
    return this.#next
  }

  take(): Token {
    const token = this.#next
    this.#next = this.#tokens.next().value ?? token
    return token
  }

  /** The next token if it is of this kind, else nothing taken. */
  accept<Kind extends Token['kind']>(kind: Kind): Extract<Token, { kind: Kind }> | undefined {
    if (this.#next.kind !== kind) return undefined
    return this.take() as Extract<Token, { kind: Kind }>
  }

  expect<Kind extends Token['kind']>(kind: Kind): Extract<Token, { kind: Kind }> {
    const token = this.accept(kind)
    if (token === undefined) throw unexpected(this.#next)
    return token
  }
}

/** What is said of a token that cannot stand where it is. */
export function unexpected(token: Token): UnitError {
  if (token.kind === 'end') return new UnitError(token.at, 'it ends too early')
  if (token.kind === 'strange') return new UnitError(token.at, `'${token.text}' cannot be in a unit`)
  const shown = 'text' in token ? token.text.slice(0, 40) : SHOWN[token.kind]
  return new UnitError(token.at, `'${shown}' cannot stand there`)
}

const SHOWN = { power: '^', product: '*', division: '/', open: '(', close: ')', comma: ',' } as const
