import { optional, section } from './sections.ts'
import { integer } from './shapes.ts'

const MEBIBYTE = 1024 * 1024

/** How much a user may load at a time; what he may keep is a quota. */
export const USER_TABLES = section({
  rows: optional(integer(1, 100_000_000), 1_000_000, 'Rows of one load.'),
  bytes: optional(
    integer(1024, 1024 * MEBIBYTE),
    31 * MEBIBYTE,
    'Size of the body of one load. Cloud Run takes requests up to 32 MiB; larger tables are loaded in parts.',
  ),
})
