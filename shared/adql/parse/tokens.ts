import { ADQL_RESERVED_WORDS } from '../../reserved-words.ts'

/**
 * `word`: an identifier or keyword without quotes · `quoted`: an identifier in double quotes · `bad`: something that
 * begins no token of ADQL, such as a quote that is never closed; nothing is read behind it · `end`: behind the last character.
 */
export type TokenKind = 'word' | 'quoted' | 'string' | 'integer' | 'number' | 'symbol' | 'bad' | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  /** Words in upper case; quoted identifiers and strings as what they mean; others as written. */
  readonly text: string
  readonly reserved: boolean
  /** A number ends where this word begins, without a blank between them. */
  readonly glued: boolean
}

/** White space and comments, which stand for it. A comment ends with its line or the text. */
const BLANK = /(?:\s+|--[^\n\r]*)*/y

/** Sticky, each tried at the beginning of a token. */
const WORD = /[A-Za-z][A-Za-z0-9_]*/y
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?/y
const STRING = /'[^']*(?:''[^']*)*'/y
const QUOTED = /"[^"]*(?:""[^"]*)*"/y
const SYMBOL = /<>|!=|<=|>=|\|\||[-+*/=<>(),.;]/y

/** Cuts a query into tokens; the last is always `end`. Linear in the length of the text; never throws. */
export function readTokens(text: string): Token[] {
  const tokens: Token[] = []
  let at = skip(BLANK, text, 0)
  let numberEnd = -1
  while (at < text.length) {
    const token = readToken(text, at, numberEnd === at)
    tokens.push(token)
    if (token.kind === 'bad') break
    numberEnd = token.kind === 'number' || token.kind === 'integer' ? token.end : -1
    at = skip(BLANK, text, token.end)
  }
  tokens.push({ kind: 'end', start: text.length, end: text.length, text: '', reserved: false, glued: false })
  return tokens
}

/** Where the piece at `at` ends; `at` itself if there is none. */
function skip(piece: RegExp, text: string, at: number): number {
  piece.lastIndex = at
  return piece.test(text) ? piece.lastIndex : at
}

function readToken(text: string, start: number, glued: boolean): Token {
  const wordEnd = skip(WORD, text, start)
  if (wordEnd > start) {
    const word = text.slice(start, wordEnd).toUpperCase()
    return { kind: 'word', start, end: wordEnd, text: word, reserved: ADQL_RESERVED_WORDS.has(word), glued }
  }
  const numberEnd = skip(NUMBER, text, start)
  if (numberEnd > start) {
    const number = text.slice(start, numberEnd)
    return plain(/^\d+$/.test(number) ? 'integer' : 'number', start, numberEnd, number)
  }
  const symbolEnd = skip(SYMBOL, text, start)
  if (symbolEnd > start) return plain('symbol', start, symbolEnd, text.slice(start, symbolEnd))
  return readQuoted(text, start)
}

function readQuoted(text: string, start: number): Token {
  const stringEnd = skip(STRING, text, start)
  if (stringEnd > start) {
    return plain('string', start, stringEnd, text.slice(start + 1, stringEnd - 1).replaceAll("''", "'"))
  }
  const quotedEnd = skip(QUOTED, text, start)
  if (quotedEnd > start + 2) {
    return plain('quoted', start, quotedEnd, text.slice(start + 1, quotedEnd - 1).replaceAll('""', '"'))
  }
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  return plain('bad', start, start + character.length, character)
}

function plain(kind: TokenKind, start: number, end: number, text: string): Token {
  return { kind, start, end, text, reserved: false, glued: false }
}
