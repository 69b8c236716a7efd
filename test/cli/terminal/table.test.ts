import { describe, expect, test } from 'vitest'
import { formatTable } from '../../../cli/terminal/table.ts'

describe('a table', () => {
  test('aligns texts to the left, numbers to the right, and leaves null empty', () => {
    const rows = [
      ['ra', 7, null],
      ['declination', null, 'x'],
      ['id', 100, ''],
    ]
    expect(formatTable(['name', 'index', 'note'], rows)).toEqual([
      'name         index  note',
      '-----------  -----  ----',
      'ra               7',
      'declination         x',
      'id             100',
    ])
  })

  test('shows control characters instead of sending them', () => {
    expect(formatTable(['a'], [['two\nlines\t\x1b[31m\x07']])[2]).toBe('two\\nlines\\t\\x1b[31m\\x07')
  })

  test('takes from the widest columns what does not fit', () => {
    const lines = formatTable(['name', 'description'], [['object_id', 'd'.repeat(200)]], { width: 40 })
    expect(lines.map((line) => [...line].length)).toEqual([22, 40, 40])
    expect(lines[2]).toMatch(/^object_id {2}d{28}…$/)
  })

  test('counts characters, not UTF-16 units', () => {
    expect(formatTable(['name', 'n'], [['\u{1f52d}', 1]])[2]).toBe('\u{1f52d}     1')
  })

  test('without rows is its heading', () => {
    expect(formatTable(['a', 'bc'], [])).toEqual(['a  bc', '-  --'])
  })
})
