import { style } from './style.ts'

interface Place {
  /** 1-based; columns count characters. */
  readonly line: number
  readonly column: number
}

/** As much of a line as is shown. */
const NARROWEST = 40

const CONTROL = /\p{Cc}/u
/** Characters that take two cells of a terminal. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
/** Characters that take none. */
const COMBINING = /\p{Mark}|\u200d/u

/**
 * A line of a file with a caret under one of its characters, cut so that both fit into `width` cells. Control
 * characters cannot steer the terminal.
 */
export function formatCaret(text: string, { line, column }: Place, width: number): readonly string[] {
  const number = String(line)
  const room = Math.max(NARROWEST, width) - number.length - 4
  const characters = [...text].map(showCharacter)
  const at = Math.min(column - 1, characters.length)
  const { start, end } = cut(characters, at, room)
  const before = characters.slice(start, at)
  const shown = [
    ...(start > 0 ? ['…'] : []),
    ...characters.slice(start, end),
    ...(end < characters.length ? ['…'] : []),
  ]
  const offset = (start > 0 ? 1 : 0) + cells(before)
  const margin = ' '.repeat(number.length)
  return [
    `${style('dim', `${number} |`)} ${shown.join('').trimEnd()}`,
    `${style('dim', `${margin} |`)} ${' '.repeat(offset)}${style(['bold', 'red'], '^')}`,
  ]
}

function showCharacter(character: string): string {
  return character === '\t' ? '  ' : CONTROL.test(character) ? '\ufffd' : character
}

/** The part of a long line around a character: mostly what stands before it, and what follows as far as it fits. */
function cut(characters: readonly string[], at: number, room: number): { start: number; end: number } {
  if (cells(characters) <= room) return { start: 0, end: characters.length }
  const inner = room - 2
  let start = at
  let used = cells(characters.slice(at, at + 1))
  const before = Math.floor(inner * 0.7)
  while (start > 0 && used + cells([characters[start - 1] ?? '']) <= before) used += cells([characters[--start] ?? ''])
  let end = at + 1
  while (end < characters.length && used + cells([characters[end] ?? '']) <= inner)
    used += cells([characters[end++] ?? ''])
  return { start, end: Math.min(end, characters.length) }
}

function cells(characters: readonly string[]): number {
  let sum = 0
  for (const character of characters) {
    if (character.length === 2 && character === '  ') sum += 2
    else if (!COMBINING.test(character)) sum += WIDE.test(character) ? 2 : 1
  }
  return sum
}
