import type pg from 'pg'
import { comparable, readContents } from './contents.ts'
import { type Change, diffContents } from './diff-contents.ts'
import { findOtherObjects } from './other-objects.ts'
import { findLeftOutReaders } from './readers.ts'
import { EmptySlotError } from './slot-failures.ts'
import { readSlotIdentities, type SlotIdentities } from './slot-identity.ts'
import type { SlotName } from './slots.ts'
import { readSlots } from './transaction.ts'

export interface DiffSide {
  readonly slot: string
  readonly version: string | null
  /** The number of the stage that filled it; null: it has none; not given: this is not a slot. */
  readonly id?: number | null
}

export interface SchemaDiff {
  readonly from: DiffSide
  readonly to: DiffSide
  readonly breaking: boolean
  /** Schemas, tables, columns, keys; within a kind by name. */
  readonly changes: readonly Change[]
  /** From live to staging: roles that may read what is live and not what is staged; not given: none. */
  readonly leftOut?: readonly string[]
  /** From live to staging: what else is in the live schema, and would be moved to previous with it; not given: nothing. */
  readonly others?: readonly string[]
}

/**
 * Compares what two slots describe. A slot that does not exist yet counts as empty on the `from` side.
 *
 * @throws EmptySlotError when the `to` slot does not exist or either is half-made; BusyError,
 *   MissingRoleError, DatabaseError
 */
export async function diffSlots(pool: pg.Pool, from: SlotName, to: SlotName): Promise<SchemaDiff> {
  const comparison = await compareSlots(pool, from, to)
  if (comparison === null) throw new EmptySlotError(to, 'there is nothing to compare with')
  const { diff, leftOut, others } = comparison
  if (from !== 'live' || to !== 'staging') return diff
  return { ...diff, ...(leftOut.length > 0 ? { leftOut } : {}), ...(others.length > 0 ? { others } : {}) }
}

export interface Comparison {
  readonly diff: SchemaDiff
  /** For which slots the difference holds. */
  readonly identities: SlotIdentities
  /** Roles that may read what is live and not what is staged. */
  readonly leftOut: readonly string[]
  /** What is in the live schema and no part of a TAP_SCHEMA. */
  readonly others: readonly string[]
}

/**
 * As `diffSlots`, for somebody who acts on it.
 *
 * @returns null when the `to` slot does not exist
 */
export async function compareSlots(pool: pg.Pool, from: SlotName, to: SlotName): Promise<Comparison | null> {
  return readSlots(pool, `comparing ${from} with ${to}`, async (client) => {
    const identities = await readSlotIdentities(client)
    const before = await readContents(client, from)
    const after = await readContents(client, to)
    if (after.version === null) return null
    const isFirst = before.version === null
    const [old, next] = isFirst ? [before.contents, after.contents] : comparable(before.contents, after.contents)
    const changes = diffContents(old, next)
    const diff = {
      from: { slot: from, version: before.version, id: before.id },
      to: { slot: to, version: after.version, id: after.id },
      breaking: changes.some((change) => change.breaking),
      changes,
    }
    const others = await findOtherObjects(client, 'live')
    return { diff, identities, leftOut: await findLeftOutReaders(client), others }
  })
}
