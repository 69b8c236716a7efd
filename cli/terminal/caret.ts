import { STEERING } from '../../shared/printable.ts'
import { style } from './style.ts'

interface Place {
  /** 1-based; columns count characters. */
  readonly line: number
  readonly column: number
}

/** As much of a line as is shown. */
const NARROWEST = 40

/** Characters that take two cells of a terminal. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
/** Characters that take none. */
const COMBINING = /\p{Mark}|\u200d/u

/** In lines beyond this, columns count UTF-16 units, as `Locator` gives them. */
const LONG_LINE = 5_000

/**
 * A line of a file with a caret under one of its characters, cut so that both fit into `width` cells. Control
 * characters cannot steer the terminal.
 */
export function formatCaret(text: string, { line, column }: Place, width: number): readonly string[] {
  const number = String(line)
  const room = Math.max(NARROWEST, width) - number.length - 4
  // Of a line without end only the surroundings are looked at.
  const skipped = column - 1 > LONG_LINE ? column - 1 - LONG_LINE : 0
  const characters = [...text.slice(skipped, skipped + 3 * LONG_LINE)]
  const at = Math.min(column - 1 - skipped, characters.length)
  const { start, end } = cut(characters, at, room)
  const isCut = start > 0 || skipped > 0
  const shown = characters.slice(start, end).map(showCharacter).join('')
  const rest = end < characters.length ? '…' : ''
  const offset = (isCut ? 1 : 0) + cells(characters.slice(start, at))
  const margin = ' '.repeat(number.length)
  return [
    `${style('dim', `${number} |`)} ${`${isCut ? '…' : ''}${shown}${rest}`.trimEnd()}`,
    `${style('dim', `${margin} |`)} ${' '.repeat(offset)}${style(['bold', 'red'], '^')}`,
  ]
}

function showCharacter(character: string): string {
  return character === '\t' ? '  ' : STEERING.test(character) ? '\ufffd' : character
}

/** The part of a long line around a character: mostly what stands before it, and what follows as far as it fits. */
function cut(characters: readonly string[], at: number, room: number): { start: number; end: number } {
  if (characters.length <= room && cells(characters) <= room) return { start: 0, end: characters.length }
  const inner = room - 2
  const before = Math.floor(inner * 0.7)
  let start = at
  let used = cellsOf(characters[at])
  while (start > 0 && used + cellsOf(characters[start - 1]) <= before) used += cellsOf(characters[--start])
  let end = at + 1
  while (end < characters.length && used + cellsOf(characters[end]) <= inner) used += cellsOf(characters[end++])
  return { start, end: Math.min(end, characters.length) }
}

function cells(characters: readonly string[]): number {
  return characters.reduce((sum, character) => sum + cellsOf(character), 0)
}

function cellsOf(character: string | undefined): number {
  if (character === undefined || COMBINING.test(character)) return 0
  return character === '\t' || WIDE.test(character) ? 2 : 1
}
