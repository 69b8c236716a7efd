/** A piece of a unit. `at` is where it begins in the (normalised) text, counted from 0. */
export type Token =
  | Worded<'name'>
  | Worded<'function'>
  | Worded<'integer'>
  | Worded<'decimal'>
  | Worded<'sign'>
  | Worded<'strange'>
  | Bare

interface Worded<Kind> {
  readonly kind: Kind
  readonly text: string
  readonly at: number
}

interface Bare {
  readonly kind: 'power' | 'product' | 'division' | 'open' | 'close' | 'comma' | 'end'
  readonly at: number
}

const FUNCTION_NAMES = ['sqrt', 'ln', 'exp', 'log', 'mag', 'dB', 'dex']

const SINGLE: Readonly<Record<string, 'power' | 'product' | 'division' | 'open' | 'close' | 'comma'>> = {
  '^': 'power',
  '*': 'product',
  '.': 'product',
  '/': 'division',
  '(': 'open',
  ')': 'close',
  ',': 'comma',
}

/**
 * The tokens of a unit, up to `end` or the first `strange` character. Spaces separate and mean nothing else. Characters
 * are looked at one by one, because a regular expression may run out of stack on a text of millions of them.
 */
export function* readTokens(text: string): Generator<Token, void> {
  let at = 0
  while (at < text.length) {
    if (text[at] === ' ') {
      at++
      continue
    }
    const token = readToken(text, at)
    yield token.token
    at = token.next
  }
  yield { kind: 'end', at }
}

function readToken(text: string, at: number): { token: Token; next: number } {
  const character = text.charAt(at)
  const number = endOfNumber(text, at)
  if (number > at) return { token: numberToken(text.slice(at, number), at), next: number }
  if ((character === '+' || character === '-') && isDigit(text, at + 1)) {
    return { token: { kind: 'sign', text: character, at }, next: at + 1 }
  }
  if (character === '*' && text[at + 1] === '*') return { token: { kind: 'power', at }, next: at + 2 }
  const single = Object.hasOwn(SINGLE, character) ? SINGLE[character] : undefined
  if (single !== undefined) return { token: { kind: single, at }, next: at + 1 }
  const name = FUNCTION_NAMES.find((word) => text.startsWith(word, at) && opensAfterSpaces(text, at + word.length))
  if (name !== undefined) return { token: { kind: 'function', text: name, at }, next: at + name.length }
  const end = endOfName(text, at)
  if (end > at) return { token: { kind: 'name', text: text.slice(at, end), at }, next: end }
  return { token: { kind: 'strange', text: String.fromCodePoint(text.codePointAt(at) ?? 0), at }, next: text.length }
}

/** `2` and `2.` are integers (so `m2.s` is m² s); `2.5`, `.5` and `1e-3` are not. */
function numberToken(text: string, at: number): Token {
  const whole = text.endsWith('.') ? text.slice(0, -1) : text
  const decimal = whole.includes('.') || whole.includes('e') || whole.includes('E')
  return { kind: decimal ? 'decimal' : 'integer', text: whole, at }
}

/** Where the number that begins at `at` ends; `at` itself when there is none. */
function endOfNumber(text: string, at: number): number {
  let end = skipDigits(text, at)
  if (end > at) {
    if (text[end] === '.') end = skipDigits(text, end + 1)
  } else {
    if (text[at] !== '.' || !isDigit(text, at + 1)) return at
    end = skipDigits(text, at + 1)
  }
  if (text[end] !== 'e' && text[end] !== 'E') return end
  const signed = text[end + 1] === '+' || text[end + 1] === '-' ? end + 2 : end + 1
  return isDigit(text, signed) ? skipDigits(text, signed) : end
}

/** A name is a run of characters that have no other use. */
function endOfName(text: string, at: number): number {
  let end = at
  while (end < text.length && !isDigit(text, end) && !/[\s+\-./*^(),]/.test(text.charAt(end))) end++
  return end
}

function opensAfterSpaces(text: string, at: number): boolean {
  let next = at
  while (text[next] === ' ') next++
  return text[next] === '('
}

function skipDigits(text: string, at: number): number {
  let end = at
  while (isDigit(text, end)) end++
  return end
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}
