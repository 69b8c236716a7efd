import { DEFAULT_PATIENCE, LONGEST_HOLD_MS, MAX_PATIENCE } from '../tap-schema/patience.ts'
import { optional, section } from './sections.ts'
import { integer } from './shapes.ts'

/** How patient a swap or rollback is. */
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
  },
  ({ deadlineMs, lockTimeoutMs }, found, report) => {
    if (lockTimeoutMs <= deadlineMs) return
    const place = found.placeOf(found.isGiven('lockTimeoutMs') ? 'lockTimeoutMs' : 'deadlineMs')
    const message = `one try (lockTimeoutMs, ${lockTimeoutMs}) is longer than all together (deadlineMs, ${deadlineMs})`
    report.error('conflict', place, message)
  },
)
