import { type Cursor, END, endsWord, HASH, isBlank, isBreak, SPACE } from './cursor.ts'

const COLON = 0x3a
const SINGLE_QUOTE = 0x27
const BACKSLASH = 0x5c

/** `, ? [ ] { }` end plain text inside brackets. */
function isFlowIndicator(code: number): boolean {
  return code === 0x2c || code === 0x3f || code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d
}

export interface PlainScan {
  readonly value: string
  /** Whether the text went over a line's end, so that a key may begin after it. */
  readonly crossedLine: boolean
}

/** Text without quotes; `indent` is the least column at which it goes on in block context. */
export function scanPlain(cursor: Cursor, indent: number, inFlow: boolean): PlainScan {
  const { text } = cursor
  let value = scanPlainLine(cursor, inFlow)
  let crossedLine = false
  while (isBreak(text.charCodeAt(cursor.at))) {
    crossedLine = true
    const gap = foldPlainBreaks(cursor)
    if (gap === null || text.charCodeAt(cursor.at) === HASH || (!inFlow && cursor.column < indent)) break
    const more = scanPlainLine(cursor, inFlow)
    if (more === '') break
    value += gap + more
    crossedLine = false
  }
  return { value, crossedLine }
}

/** The rest of a line as far as it is plain text; passes the spaces behind it, too. */
function scanPlainLine(cursor: Cursor, inFlow: boolean): string {
  const { text, at: start } = cursor
  let at = start
  let end = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === SPACE) {
      at += 1
      continue
    }
    if (code <= COLON) {
      if (code === COLON) {
        const next = text.charCodeAt(at + 1)
        if (endsWord(next) || (inFlow && next !== 0x3f && isFlowIndicator(next))) break
      } else if (code === HASH ? end < at : code < SPACE && endsWord(code)) break
    } else if (code >= 0x85 && isBreak(code)) break
    if (inFlow && isFlowIndicator(code)) break
    at += 1
    end = at
  }
  cursor.at = at
  return text.slice(start, end)
}

/** The line breaks between two lines of plain text; null: a document mark follows. */
function foldPlainBreaks(cursor: Cursor): string | null {
  const first = cursor.breakLine()
  if (cursor.atDocumentMark()) return null
  let breaks = ''
  for (;;) {
    cursor.skipSpaces()
    const more = cursor.breakLine()
    if (more === '') break
    breaks += more
    if (cursor.atDocumentMark()) return null
  }
  return joinLines(first, breaks)
}

/** One line break is a space, each further one stays. */
function joinLines(first: string, breaks: string): string {
  if (first !== '\n') return first + breaks
  return breaks === '' ? ' ' : breaks
}

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '\\': '\\',
  '/': '/',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}

const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** Text in quotes, from the opening to behind the closing one. Indentation does not matter in it. */
export function scanQuoted(cursor: Cursor): string {
  const { text } = cursor
  const opening = cursor.at
  const quote = text.charCodeAt(opening)
  cursor.at += 1
  let value = ''
  for (;;) {
    const start = cursor.at
    let code = text.charCodeAt(start)
    while (code !== quote && code !== BACKSLASH && code !== END && !isBlank(code) && !isBreak(code)) {
      code = text.charCodeAt(++cursor.at)
    }
    value += text.slice(start, cursor.at)
    if (code === quote) {
      cursor.at += 1
      if (quote !== SINGLE_QUOTE || text.charCodeAt(cursor.at) !== SINGLE_QUOTE) return value
      cursor.at += 1
      value += "'"
    } else if (code === END) cursor.fail('these quotes are not closed', opening)
    else if (code !== BACKSLASH) value += scanQuotedGap(cursor)
    else if (quote === SINGLE_QUOTE) {
      cursor.at += 1
      value += '\\'
    } else value += scanEscape(cursor)
  }
}

function scanQuotedGap(cursor: Cursor): string {
  const start = cursor.at
  while (isBlank(cursor.peek())) cursor.at++
  if (!isBreak(cursor.peek())) return cursor.text.slice(start, cursor.at)
  const first = cursor.breakLine()
  return joinLines(first, scanQuotedBreaks(cursor))
}

function scanQuotedBreaks(cursor: Cursor): string {
  let breaks = ''
  for (;;) {
    if (cursor.atDocumentMark()) cursor.fail('a document ends inside quotes')
    while (isBlank(cursor.peek())) cursor.at++
    const more = cursor.breakLine()
    if (more === '') return breaks
    breaks += more
  }
}

function scanEscape(cursor: Cursor): string {
  const start = cursor.at
  cursor.at += 1
  if (isBreak(cursor.peek())) {
    cursor.breakLine()
    return scanQuotedBreaks(cursor)
  }
  const letter = cursor.text.charAt(cursor.at)
  const plain = ESCAPES[letter]
  if (plain !== undefined) {
    cursor.at += 1
    return plain
  }
  const length = HEX_LENGTHS[letter]
  if (length === undefined) cursor.fail(`\\${letter} is no escape sequence; write \\\\ for a backslash`, start)
  const digits = cursor.text.slice(cursor.at + 1, cursor.at + 1 + length)
  if (!/^[0-9A-Fa-f]+$/.test(digits) || digits.length < length) {
    cursor.fail(`\\${letter} must be followed by ${length} hexadecimal digits`, start)
  }
  const code = Number.parseInt(digits, 16)
  if (code > 0x10ffff) cursor.fail(`\\${letter}${digits} is no character of Unicode`, start)
  cursor.at += 1 + length
  return String.fromCodePoint(code)
}

/** A block scalar after `|` or `>`; `parentIndent` is the column of the block it is in (-1: none). */
export function scanBlock(cursor: Cursor, parentIndent: number): string {
  const folded = cursor.peek() === 0x3e
  cursor.at += 1
  const { chomping, increment } = scanBlockHeader(cursor)
  const least = Math.max(parentIndent + 1, 1)
  let breaks = ''
  let indent = least + (increment ?? 1) - 1
  if (increment === null) {
    let deepest = 0
    for (;;) {
      cursor.skipSpaces()
      deepest = Math.max(deepest, cursor.column)
      const more = cursor.breakLine()
      if (more === '') break
      breaks += more
    }
    indent = Math.max(least, deepest)
  } else breaks = scanBlockBreaks(cursor, indent)

  let value = ''
  let ending = ''
  while (cursor.column === indent && cursor.peek() !== END) {
    const startsBlank = isBlank(cursor.peek())
    const start = cursor.at
    cursor.skipToBreak()
    value += breaks + cursor.text.slice(start, cursor.at)
    ending = cursor.breakLine()
    breaks = scanBlockBreaks(cursor, indent)
    if (cursor.column !== indent || cursor.peek() === END) break
    if (!folded || ending !== '\n' || startsBlank || isBlank(cursor.peek())) value += ending
    else if (breaks === '') value += ' '
  }
  if (chomping === '-') return value
  return chomping === '+' ? value + ending + breaks : value + ending
}

function scanBlockHeader(cursor: Cursor): { readonly chomping: string; readonly increment: number | null } {
  const start = cursor.at
  const header = /^(?:([+-])(\d?)|(\d)([+-]?))?/.exec(cursor.text.slice(start, start + 2)) ?? []
  cursor.at += header[0]?.length ?? 0
  const digit = header[2] || header[3] || ''
  if (digit === '0') cursor.fail('the indentation of a block scalar must be 1 to 9', start)
  if (!(endsWord(cursor.peek()) && cursor.peek() !== 0x09)) {
    cursor.fail(`expected the end of the line after the start of a block scalar, found ${cursor.describe()}`)
  }
  cursor.skipSpaces()
  if (cursor.peek() === HASH) cursor.skipToBreak()
  if (cursor.peek() !== END && cursor.breakLine() === '') {
    cursor.fail(`expected the end of the line after the start of a block scalar, found ${cursor.describe()}`)
  }
  return { chomping: header[1] ?? header[4] ?? '', increment: digit === '' ? null : Number(digit) }
}

function scanBlockBreaks(cursor: Cursor, indent: number): string {
  let breaks = ''
  for (;;) {
    while (cursor.column < indent && cursor.peek() === SPACE) cursor.at++
    const more = cursor.breakLine()
    if (more === '') return breaks
    breaks += more
  }
}
