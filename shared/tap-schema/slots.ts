import pg from 'pg'
import type { TapTableName } from './tables.ts'

/** One of the three PostgreSQL schemas of a TAP server's database (DESIGN §1). */
export type SlotName = 'live' | 'staging' | 'previous'

export const SLOT_NAMES: readonly SlotName[] = ['live', 'staging', 'previous']

export const SLOT_SCHEMA: Readonly<Record<SlotName, string>> = {
  live: 'tap_schema',
  staging: 'tap_schema_staging',
  previous: 'tap_schema_previous',
}

/** May create and own the staging slot. */
export const STAGER_ROLE = 'almagest_stager'

/** Owns the live and the previous slot. */
export const OWNER_ROLE = 'almagest_owner'

/** The role that owns a slot. */
export const SLOT_OWNER: Readonly<Record<SlotName, string>> = {
  live: OWNER_ROLE,
  staging: STAGER_ROLE,
  previous: OWNER_ROLE,
}

/** As a reader: everybody. No role can have this name, and PostgreSQL takes it in grants also between quotes. */
export const EVERYBODY = 'public'

/** What a slot without a version table counts as: one that another tool made. */
export const UNVERSIONED = 'unversioned'

/** The one way in which an identifier gets into a statement. */
export const quote: (identifier: string) => string = pg.escapeIdentifier

/** A table name of a slot, with the configured postfix. */
export function tableName(table: TapTableName, postfix: string): string {
  return `${table}${postfix}`
}
