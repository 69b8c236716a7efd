import { type TokenCursor, UnitError, unexpected } from './token-cursor.ts'
import type { Token } from './tokens.ts'

/** More digits than Python turns into an integer. */
const MOST_DIGITS = 4300

/**
 * Reads the number in front of a unit from its first token, as the FITS standard and astropy have it: `2.5`, `-3`,
 * `10**3`, `10^-7`, `10-7`, `10(-7)`, `2 10**3`, `2.5 10-3`. Says whether it is exactly one.
 *
 * A power of a bare integer is read as FITS's `10**n`, so its base must be 10 and its exponent an integer, except for
 * `n**(0.5)`. An integer before a parenthesis wants a signed exponent in it: `10 (m s)` is none, `10*(m s)` is.
 */
export function parseFactor(first: Token, cursor: TokenCursor): boolean {
  const factor = readFactor(first, cursor)
  if (factor === 0) throw new UnitError(first.at, 'the number in front of a unit cannot be 0')
  return factor === 1
}

function readFactor(first: Token, cursor: TokenCursor): number {
  if (first.kind !== 'integer') return parseDecimalFactor(first, cursor)
  const base = readInteger(first)
  const next = cursor.peek()
  if (next.kind === 'integer') {
    const scaled = readInteger(cursor.expect('integer'))
    return requireFinite(base * raise(scaled, parseScaledPower(cursor), first), first)
  }
  if (next.kind === 'sign') return powerOfTen(base, readSigned(cursor), first)
  if (cursor.accept('open') !== undefined) {
    if (cursor.peek().kind !== 'sign') throw unexpected(cursor.peek())
    const exponent = readSigned(cursor)
    cursor.expect('close')
    return powerOfTen(base, exponent, first)
  }
  if (cursor.accept('power') !== undefined) return parsePowerOfInteger(base, first, cursor)
  return requireFinite(base, first)
}

/** `sign? number`, maybe before an integer with a power. Here astropy lets a number grow beyond all bounds. */
function parseDecimalFactor(first: Token, cursor: TokenCursor): number {
  const sign = first.kind === 'sign' && first.text === '-' ? -1 : 1
  const number = first.kind === 'sign' ? readNumber(cursor) : Number('text' in first ? first.text : Number.NaN)
  const base = cursor.accept('integer')
  if (base === undefined) return sign * number
  return sign * number * raise(readInteger(base), parseScaledPower(cursor), base)
}

/** What follows `n**`. */
function parsePowerOfInteger(base: number, at: Token, cursor: TokenCursor): number {
  if (cursor.accept('open') === undefined) return powerOfTen(base, readSigned(cursor), at)
  const sign = readSign(cursor)
  const decimal = cursor.accept('decimal')
  const exponent = decimal === undefined ? sign * readInteger(cursor.expect('integer')) : sign * Number(decimal.text)
  cursor.expect('close')
  return decimal === undefined ? powerOfTen(base, exponent, at) : requireFinite(raise(base, exponent, at), at)
}

/** The power behind the second integer of `2 10**3`: `-3`, `+3`, `**3`, `**(1/2)`. */
function parseScaledPower(cursor: TokenCursor): number {
  if (cursor.peek().kind === 'sign') return readSigned(cursor)
  cursor.expect('power')
  return readPower(cursor)
}

/** The power of a unit, if it has one: `2`, `-2`, `**2`, `^-2`, `(1/2)`, `**(0.5)`. Says whether there was one. */
export function parsePower(cursor: TokenCursor): boolean {
  const { kind } = cursor.peek()
  if (kind !== 'power' && kind !== 'sign' && kind !== 'integer' && kind !== 'open') return false
  cursor.accept('power')
  const power = readPower(cursor)
  return power !== 1
}

/** `sign? integer`, or in parentheses `sign? number` or a fraction of integers. */
function readPower(cursor: TokenCursor): number {
  const open = cursor.accept('open')
  if (open === undefined) return readSigned(cursor)
  const sign = readSign(cursor)
  const decimal = cursor.accept('decimal')
  let power = sign * (decimal === undefined ? readInteger(cursor.expect('integer')) : Number(decimal.text))
  if (decimal !== undefined && !Number.isFinite(power)) throw new UnitError(decimal.at, 'this power is too large')
  if (decimal === undefined && cursor.accept('division') !== undefined) {
    const { at } = cursor.peek()
    const divisor = readSigned(cursor)
    if (divisor === 0) throw new UnitError(at, 'a power cannot be divided by zero')
    power /= divisor
  }
  cursor.expect('close')
  return power
}

function readSign(cursor: TokenCursor): 1 | -1 {
  return cursor.accept('sign')?.text === '-' ? -1 : 1
}

function readSigned(cursor: TokenCursor): number {
  return readSign(cursor) * readInteger(cursor.expect('integer'))
}

function readNumber(cursor: TokenCursor): number {
  const decimal = cursor.accept('decimal')
  return decimal === undefined ? readInteger(cursor.expect('integer')) : Number(decimal.text)
}

function readInteger(token: Extract<Token, { kind: 'integer' }>): number {
  if (token.text.length > MOST_DIGITS) throw new UnitError(token.at, `a number has more than ${MOST_DIGITS} digits`)
  return Number(token.text)
}

/** FITS writes its factor as a power of 10 and of nothing else. */
function powerOfTen(base: number, exponent: number, token: Token): number {
  if (base !== 10) throw new UnitError(token.at, 'only 10 can have an integer power in front of a unit')
  return requireFinite(10 ** exponent, token)
}

function raise(base: number, power: number, token: Token): number {
  const raised = base ** power
  if (!Number.isFinite(raised) && Number.isFinite(base)) throw new UnitError(token.at, 'this number is too large')
  return raised
}

function requireFinite(number: number, token: Token): number {
  if (!Number.isFinite(number)) throw new UnitError(token.at, 'this number is too large')
  return number
}
