import { showControls } from '../../printable.ts'

/** A cell that is not what its column says; who knows the row and the column adds them. */
export class CellFault extends Error {}

/** At most so many characters of what was found stand in a message. */
const MOST = 60

/** What was found, on one line and short, as a message quotes it. */
export function shown(text: string): string {
  const short = text.length <= MOST ? text : `${text.slice(0, MOST).toWellFormed()}…`
  return `"${showControls(short)}"`
}
