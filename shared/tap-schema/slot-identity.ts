import type pg from 'pg'
import { Failure } from '../failure.ts'
import { SLOT_NAMES, SLOT_SCHEMA, type SlotName } from './slots.ts'

/**
 * Which PostgreSQL schema is in each slot, by its oid: a rename does not change it, and each stage makes
 * a new one. null: the slot is empty.
 */
export type SlotIdentities = Readonly<Record<SlotName, string | null>>

/** Somebody swapped, rolled back or staged after the slots were looked at. Nothing was changed. */
export class SlotChangedError extends Failure {
  constructor(slot: SlotName) {
    super(
      'unavailable',
      'slot_changed',
      `the ${slot} slot is not the one that was compared any more: nothing was changed`,
    )
  }
}

export async function readSlotIdentities(client: pg.ClientBase): Promise<SlotIdentities> {
  const found = await client.query<{ name: string; oid: string }>(
    'select nspname::text as name, oid::text as oid from pg_namespace where nspname = any ($1)',
    [Object.values(SLOT_SCHEMA)],
  )
  const oidOf = (slot: SlotName) => found.rows.find(({ name }) => name === SLOT_SCHEMA[slot])?.oid ?? null
  return { live: oidOf('live'), staging: oidOf('staging'), previous: oidOf('previous') }
}

/** @throws SlotChangedError when one of the given slots holds another schema than it did */
export async function checkIdentities(client: pg.ClientBase, expected: Partial<SlotIdentities>): Promise<void> {
  const found = await readSlotIdentities(client)
  const changed = SLOT_NAMES.find((slot) => expected[slot] !== undefined && expected[slot] !== found[slot])
  if (changed !== undefined) throw new SlotChangedError(changed)
}
