import type pg from 'pg'
import { EmptySlotError } from './slot-failures.ts'
import { findTables, type SlotTable, type SlotTables } from './slot-tables.ts'
import { NOT_READ, readSlot } from './slot-version.ts'
import { SLOT_SCHEMA, type SlotName } from './slots.ts'

/** A value of a TAP_SCHEMA row. */
export type Cell = string | number | null

export type ItemKind = 'schema' | 'table' | 'column' | 'key'

/** Everything that a slot describes, by kind and then by name; what is compared about an item are its fields. */
export type Contents = Readonly<Record<ItemKind, ReadonlyMap<string, Readonly<Record<string, Cell>>>>>

export const NO_CONTENTS: Contents = { schema: new Map(), table: new Map(), column: new Map(), key: new Map() }

export interface SlotContents {
  readonly id: number | null
  readonly version: string | null
  readonly contents: Contents
}

/**
 * Reads the standard columns of a slot's five tables, of any tool and with any postfix.
 *
 * @returns empty contents and version null when the slot does not exist
 * @throws EmptySlotError when the schema exists but is not a whole TAP_SCHEMA, or more than that (`findForeignCode`)
 */
export async function readContents(client: pg.ClientBase, slot: SlotName): Promise<SlotContents> {
  const found = await readSlot(client, slot)
  if (found === NOT_READ) throw notWhole(slot)
  if (found === null) return { id: null, version: null, contents: NO_CONTENTS }
  const tables = await findTables(client, SLOT_SCHEMA[slot])
  if (tables === null) throw notWhole(slot)
  const contents: Partial<Record<ItemKind, Map<string, Readonly<Record<string, Cell>>>>> = {}
  for (const kind of ITEM_KINDS) contents[kind] = await readItems(client, QUERIES[kind](tables))
  return { id: found.id, version: found.version, contents: contents as Contents }
}

function notWhole(slot: SlotName): EmptySlotError {
  return new EmptySlotError(slot, `schema ${SLOT_SCHEMA[slot]} is not a whole TAP_SCHEMA`)
}

export const ITEM_KINDS: readonly ItemKind[] = ['schema', 'table', 'column', 'key']

const QUERIES: Readonly<Record<ItemKind, (tables: SlotTables) => string>> = {
  schema: ({ schemas }) => `
    select ${schemas.value('schema_name')} as item_name, ${values(schemas, ['utype', 'description', 'schema_index'])}
      from ${schemas.from}`,
  table: ({ tables }) => `
    select ${tables.value('table_name')} as item_name,
           ${values(tables, ['schema_name', 'table_type', 'utype', 'description', 'table_index'])}
      from ${tables.from}`,
  column: ({ columns }) => `
    select ${columns.value('table_name')} || '.' || ${columns.value('column_name')} as item_name,
           ${values(columns, ['datatype', 'arraysize', 'xtype', 'unit', 'ucd', 'utype', 'description'])},
           ${values(columns, ['principal', 'indexed', 'std', 'column_index'])}
      from ${columns.from}`,
  key: ({ keys, key_columns }) => `
    select ${keys.value('key_id')} as item_name, ${values(keys, ['from_table', 'target_table', 'utype', 'description'])},
           pairs.columns
      from ${keys.from}
      left join (select ${key_columns.value('key_id')} as key,
                        string_agg(pair, ', ' order by pair) as columns
                   from ${key_columns.from},
                        lateral (select ${key_columns.value('from_column')} || ' -> ' || ${key_columns.value('target_column')} as pair) as p
                  group by 1) as pairs
        on pairs.key = ${keys.value('key_id')}`,
}

function values(table: SlotTable, columns: readonly string[]): string {
  return columns.map((column) => `${table.value(column)} as ${column}`).join(', ')
}

async function readItems(client: pg.ClientBase, query: string): Promise<Map<string, Readonly<Record<string, Cell>>>> {
  const found = await client.query<Record<string, Cell> & { item_name: string }>(query)
  return new Map(found.rows.map(({ item_name, ...fields }) => [item_name, fields]))
}

/**
 * Both contents without what they say of `tap_schema` itself, unless both do: a slot of another make may not, and every
 * slot of ours says the same.
 */
export function comparable(from: Contents, to: Contents): readonly [Contents, Contents] {
  const describesItself = ({ schema }: Contents) => [...schema.keys()].some(isOwn)
  return describesItself(from) && describesItself(to) ? [from, to] : [withoutOwn(from), withoutOwn(to)]
}

function withoutOwn(contents: Contents): Contents {
  const kept: Partial<Record<ItemKind, Contents[ItemKind]>> = {}
  for (const kind of ITEM_KINDS) {
    const items = [...contents[kind]].filter(([name, { from_table }]) => !isOwn(kind === 'key' ? from_table : name))
    kept[kind] = new Map(items)
  }
  return kept as Contents
}

function isOwn(name: Cell | undefined): boolean {
  return typeof name === 'string' && /^tap_schema(\.|$)/i.test(name)
}
