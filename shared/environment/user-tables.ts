import { optional, section } from './sections.ts'
import { integer } from './shapes.ts'

const MEBIBYTE = 1024 * 1024

/** How much a user may load at a time, and for how long; what he may keep is a quota. */
const KEYS = {
  rows: optional(integer(1, 100_000_000), 1_000_000, 'Rows of one load.'),
  bytes: optional(
    integer(1024, 1024 * MEBIBYTE),
    31 * MEBIBYTE,
    'Size of the body of one load. Cloud Run takes requests up to 32 MiB; larger tables are loaded in parts.',
  ),
  keptDays: optional(
    integer(1, 36_500),
    null,
    'Days after which a table is dropped that no query has read and nobody has changed. Left out: it is kept.',
  ),
  noticeDays: optional(
    integer(1, 36_500),
    14,
    'So many days before that its owner is notified; fewer than `keptDays`.',
  ),
}

export const USER_TABLES = section(KEYS, ({ keptDays, noticeDays }, found, report) => {
  if (keptDays === null || noticeDays < keptDays) return
  const message = `is ${keptDays}, but the owner is to be notified ${noticeDays} days before (noticeDays): make it more than that`
  report.error('conflict', found.placeOf('keptDays'), message)
})
