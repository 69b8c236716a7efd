import { INTERRUPTED } from './exit-codes.ts'
import { writeNote } from './output.ts'

/**
 * Ends the process at once on Ctrl-C. Every operation is one transaction, so nothing is left half done; the note says
 * what the person at the terminal may want to know.
 */
export function endOnInterrupt(note?: string): void {
  process.once('SIGINT', () => {
    if (note !== undefined) writeNote(note)
    process.exit(INTERRUPTED)
  })
}
