import { type Cursor, END, HASH, isBreak, SPACE } from './cursor.ts'
import { scanTagHandle, scanTagUri } from './scan-tag.ts'

export type Directive =
  | { readonly name: 'YAML'; readonly major: number }
  | { readonly name: 'TAG'; readonly handle: string; readonly prefix: string }

/** `%YAML 1.1` and `%TAG ! prefix`; others are passed over. */
export function scanDirective(cursor: Cursor): Directive | null {
  const start = cursor.at
  cursor.at += 1
  const word = /^[0-9A-Za-z_-]*/.exec(cursor.text.slice(cursor.at, cursor.at + 80))?.[0] ?? ''
  cursor.at += word.length
  const isDelimited = cursor.peek() === SPACE || cursor.peek() === END || isBreak(cursor.peek())
  if (word === '' || !isDelimited) cursor.fail('this directive has no proper name', start)
  const directive = word === 'YAML' ? scanVersion(cursor) : word === 'TAG' ? scanTagDirective(cursor) : null
  if (directive === null) {
    cursor.skipToBreak()
    return null
  }
  cursor.skipSpaces()
  if (cursor.peek() === HASH) cursor.skipToBreak()
  if (cursor.peek() !== END && !isBreak(cursor.peek())) {
    cursor.fail(`expected the end of the line after the directive, found ${cursor.describe()}`)
  }
  return directive
}

function scanVersion(cursor: Cursor): Directive {
  cursor.skipSpaces()
  const version = /^(\d+)\.(\d+)(?=[ \0\r\n\x85\u2028\u2029])/.exec(cursor.text.slice(cursor.at, cursor.at + 40))
  if (version === null) cursor.fail('expected a version such as 1.1 after %YAML')
  cursor.at += version[0].length
  return { name: 'YAML', major: Number(version[1]) }
}

function scanTagDirective(cursor: Cursor): Directive {
  cursor.skipSpaces()
  const handle = scanTagHandle(cursor)
  if (cursor.peek() !== SPACE) cursor.fail(`expected a space after the handle, found ${cursor.describe()}`)
  cursor.skipSpaces()
  return { name: 'TAG', handle, prefix: scanTagUri(cursor) }
}
