import { describe, expect, test } from 'vitest'
import { formatCaret } from '../../../cli/terminal/caret.ts'

const width = 60
const place = (line: number, column: number) => ({ line, column })

describe('the caret', () => {
  test('stands under the character that is meant', () => {
    expect(formatCaret('b: [2', place(2, 4), width)).toEqual(['2 | b: [2', '  |    ^'])
  })

  test('counts characters, and wide ones twice', () => {
    expect(formatCaret('n: 日本 x', place(1, 7), width)).toEqual(['1 | n: 日本 x', `  | ${' '.repeat(8)}^`])
    expect(formatCaret('n: 🔭x', place(1, 5), width)[1]).toBe(`  | ${' '.repeat(5)}^`)
  })

  test('follows tabs, which are shown as two spaces', () => {
    expect(formatCaret('\ta', place(1, 2), width)).toEqual(['1 |   a', '  |   ^'])
  })

  test('can stand behind the end of a line', () => {
    expect(formatCaret('ab', place(1, 3), width)).toEqual(['1 | ab', '  |   ^'])
    expect(formatCaret('ab', place(1, 99), width)).toEqual(['1 | ab', '  |   ^'])
    expect(formatCaret('', place(7, 1), width)).toEqual(['7 | ', '  | ^'])
  })

  test('stays in sight in a line that is too long', () => {
    const line = `${'a'.repeat(5000)}X${'b'.repeat(5000)}`
    const [shown = '', caret = ''] = formatCaret(line, place(1, 5001), width)
    expect(shown.length).toBeLessThanOrEqual(width)
    expect(shown[caret.indexOf('^')]).toBe('X')
    expect(shown).toMatch(/^1 \| …a+Xb+…$/)
  })

  test('no control character reaches the terminal', () => {
    expect(formatCaret('a\x1b[31mb', place(1, 3), width)[0]).toBe('1 | a\ufffd[31mb')
  })
})
