import type pg from 'pg'
import { qualified } from './ddl.ts'
import { EmptySlotError, sqlStateOf } from './failures.ts'
import { isSafeToRead } from './foreign-code.ts'
import { readSafeSlot } from './slot-version.ts'
import { SLOT_SCHEMA, type SlotName } from './slots.ts'

/** A value of a TAP_SCHEMA row. */
export type Cell = string | number | null

export type ItemKind = 'schema' | 'table' | 'column' | 'key'

/** Everything that a slot describes, by kind and then by name; what is compared about an item are its fields. */
export type Contents = Readonly<Record<ItemKind, ReadonlyMap<string, Readonly<Record<string, Cell>>>>>

export const NO_CONTENTS: Contents = { schema: new Map(), table: new Map(), column: new Map(), key: new Map() }

export interface SlotContents {
  readonly version: string | null
  readonly contents: Contents
}

/**
 * Reads the standard columns of a slot's five tables under their plain names, whoever made it.
 *
 * @returns empty contents and version null when the slot does not exist
 * @throws EmptySlotError when the schema exists but is not a whole TAP_SCHEMA, or more than that (`findForeignCode`)
 */
export async function readContents(client: pg.ClientBase, slot: SlotName): Promise<SlotContents> {
  if (!(await isSafeToRead(client, slot))) throw notWhole(slot)
  const version = (await readSafeSlot(client, slot))?.version ?? null
  if (version === null) return { version, contents: NO_CONTENTS }
  try {
    const contents: Partial<Record<ItemKind, Map<string, Readonly<Record<string, Cell>>>>> = {}
    for (const kind of ITEM_KINDS) contents[kind] = await readItems(client, QUERIES[kind](SLOT_SCHEMA[slot]))
    return { version, contents: contents as Contents }
  } catch (error) {
    if (!['42P01', '42703'].includes(sqlStateOf(error) ?? '')) throw error
    throw notWhole(slot)
  }
}

function notWhole(slot: SlotName): EmptySlotError {
  return new EmptySlotError(slot, `schema ${SLOT_SCHEMA[slot]} is not a whole TAP_SCHEMA`)
}

export const ITEM_KINDS: readonly ItemKind[] = ['schema', 'table', 'column', 'key']

const QUERIES: Readonly<Record<ItemKind, (schema: string) => string>> = {
  schema: (schema) => `
    select schema_name as item_name, utype, description, schema_index from ${qualified(schema, 'schemas')}`,
  table: (schema) => `
    select table_name as item_name, schema_name, table_type, utype, description, table_index
      from ${qualified(schema, 'tables')}`,
  column: (schema) => `
    select table_name || '.' || column_name as item_name, datatype, arraysize, xtype, unit, ucd, utype, description,
           principal, indexed, std, column_index
      from ${qualified(schema, 'columns')}`,
  key: (schema) => `
    select k.key_id as item_name, k.from_table, k.target_table, k.utype, k.description,
           (select string_agg(c.from_column || ' -> ' || c.target_column, ', ' order by c.from_column, c.target_column)
              from ${qualified(schema, 'key_columns')} c where c.key_id = k.key_id) as columns
      from ${qualified(schema, 'keys')} k`,
}

async function readItems(client: pg.ClientBase, query: string): Promise<Map<string, Readonly<Record<string, Cell>>>> {
  const found = await client.query<Record<string, Cell> & { item_name: string }>(query)
  return new Map(found.rows.map(({ item_name, ...fields }) => [item_name, fields]))
}
