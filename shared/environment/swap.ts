import { DEFAULT_PATIENCE, LONGEST_HOLD_MS, MAX_PATIENCE } from '../tap-schema/patience.ts'
import { uniqueListOf } from './collections.ts'
import { optional, section } from './sections.ts'
import { integer, text } from './shapes.ts'

function complaintAboutOperator(operator: string): string | null {
  return /^[^\s@]*@[^\s@]+$/.test(operator) ? null : 'is neither an e-mail address nor @ and a domain'
}

/** Who may swap and roll back, and how patient that is. */
export const SWAP = section(
  {
    deadlineMs: optional(
      integer(1, MAX_PATIENCE.deadlineMs),
      DEFAULT_PATIENCE.deadlineMs,
      'How long it keeps trying to lock the slots before it answers busy, in milliseconds.',
    ),
    lockTimeoutMs: optional(
      integer(1, MAX_PATIENCE.lockTimeoutMs),
      DEFAULT_PATIENCE.lockTimeoutMs,
      `How long the first try may block readers, in milliseconds. Later tries may take up to 25 times as long, but never over ${LONGEST_HOLD_MS}.`,
    ),
    operators: optional(
      uniqueListOf(text(complaintAboutOperator)),
      [],
      'Who may stage, swap and roll back: e-mail addresses, or `@example.org` for all of a domain; others may only look. Empty: everybody who is known. Those who call for them, as a CI does, are named too.',
    ),
  },
  ({ deadlineMs, lockTimeoutMs }, found, report) => {
    if (lockTimeoutMs <= deadlineMs) return
    const place = found.placeOf(found.isGiven('lockTimeoutMs') ? 'lockTimeoutMs' : 'deadlineMs')
    const message = `one try (lockTimeoutMs, ${lockTimeoutMs}) is longer than all together (deadlineMs, ${deadlineMs})`
    report.error('conflict', place, message)
  },
)
