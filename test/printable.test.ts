import { expect, test } from 'vitest'
import { escapeJson, showControls, showControlsInLines } from '../shared/printable.ts'

test.each([
  ['escape', '\u001b[2J', '\\x1b[2J'],
  ['bell', '\u0007', '\\x07'],
  ['NUL', '\0', '\\x00'],
  ['line break, return and tab', '\n\r\t', '\\n\\r\\t'],
  ['delete', '\u007f', '\\x7f'],
  ['a control sequence in one character', '\u009b31m', '\\x9b31m'],
  ['next line', '\u0085', '\\x85'],
  ['an override of the direction', '\u202egnp.exe\u202c', '\\u202egnp.exe\\u202c'],
  ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['marks of direction', '\u200e\u200f\u061c', '\\u200e\\u200f\\u061c'],
  ['separators of lines and paragraphs', '\u2028\u2029', '\\u2028\\u2029'],
])('%s is shown instead of sent', (_what, text, shown) => {
  expect(showControls(text)).toBe(shown)
})

test('other text stays as it is, in any script', () => {
  const text = 'naïve ☆ 恒星 نجم כוכב 👩‍🚀 \\x1b'
  expect(showControls(text)).toBe(text)
  expect(showControlsInLines(`${text}\n\u001b`)).toBe(`${text}\n\\x1b`)
})

test('a JSON text says the same without them', () => {
  const value = { 'a\u202e': ['\u2028\u009b\u007f\n"\\', 'é'] }
  const text = escapeJson(JSON.stringify(value, null, 2))
  expect(JSON.parse(text)).toEqual(value)
  expect(text.replace(/\n/g, '')).toMatch(/^[\x20-\x7eé]*$/)
  expect(escapeJson('{\n\t"a": 1\n}')).toBe('{\n\t"a": 1\n}')
})
