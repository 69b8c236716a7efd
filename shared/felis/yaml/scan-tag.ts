import { type Cursor, endsWord, isWordCharacter } from './cursor.ts'

const EXCLAMATION = 0x21
const URI = /[0-9A-Za-z\-;/?:@&=+$,_.!~*'()[\]%]/

/** A tag as it is written: its handle (null: verbatim, or the lone `!`) and what follows. */
export interface WrittenTag {
  readonly handle: string | null
  readonly suffix: string
}

export function scanTag(cursor: Cursor): WrittenTag {
  const tag = scanTagBody(cursor)
  if (!(endsWord(cursor.peek()) && cursor.peek() !== 0x09)) {
    cursor.fail(`expected a space after the tag, found ${cursor.describe()}`)
  }
  return tag
}

function scanTagBody(cursor: Cursor): WrittenTag {
  const next = cursor.peek(1)
  if (next === 0x3c) {
    cursor.at += 2
    const suffix = scanTagUri(cursor)
    if (cursor.peek() !== 0x3e) cursor.fail(`expected '>' at the end of the tag, found ${cursor.describe()}`)
    cursor.at += 1
    return { handle: null, suffix }
  }
  if (endsWord(next)) {
    cursor.at += 1
    return { handle: null, suffix: '!' }
  }
  let ahead = 1
  while (cursor.peek(ahead) !== EXCLAMATION && !(endsWord(cursor.peek(ahead)) && cursor.peek(ahead) !== 0x09)) ahead++
  if (cursor.peek(ahead) === EXCLAMATION) return { handle: scanTagHandle(cursor), suffix: scanTagUri(cursor) }
  cursor.at += 1
  return { handle: '!', suffix: scanTagUri(cursor) }
}

export function scanTagHandle(cursor: Cursor): string {
  const start = cursor.at
  if (cursor.peek() !== EXCLAMATION) cursor.fail(`expected '!', found ${cursor.describe()}`)
  cursor.at += 1
  if (cursor.peek() !== 0x20) {
    while (isWordCharacter(cursor.peek())) cursor.at++
    if (cursor.peek() !== EXCLAMATION) cursor.fail(`expected '!', found ${cursor.describe()}`)
    cursor.at += 1
  }
  return cursor.text.slice(start, cursor.at)
}

export function scanTagUri(cursor: Cursor): string {
  const start = cursor.at
  while (URI.test(cursor.text.charAt(cursor.at))) cursor.at++
  const uri = cursor.text.slice(start, cursor.at)
  if (uri === '') cursor.fail(`expected the name of a tag, found ${cursor.describe()}`)
  try {
    return decodeURIComponent(uri)
  } catch {
    return cursor.fail('the tag has a broken % escape', start)
  }
}

/** The name of an anchor or alias, after its `&` or `*`. */
export function scanAnchor(cursor: Cursor): string {
  cursor.at += 1
  const start = cursor.at
  while (isWordCharacter(cursor.peek())) cursor.at++
  const isDelimited = endsWord(cursor.peek()) || '?:,]}%@`'.includes(cursor.text.charAt(cursor.at))
  if (cursor.at === start || !isDelimited) {
    cursor.fail(`expected a letter or digit in the name of an anchor, found ${cursor.describe()}`)
  }
  return cursor.text.slice(start, cursor.at)
}
