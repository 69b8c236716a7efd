import type pg from 'pg'
import { describeColumn } from '../votable/describe-column.ts'
import { asTableOwner, noteChange } from './change-tables.ts'
import { UserTableError } from './failures.ts'
import { positionOf } from './index-table.ts'
import { checkTexts } from './table-definition.ts'
import { holdOwn, type UserColumn } from './user-table.ts'
import { columnsOf, nameOf, parseVosiTable, textsOf, typeAttributes } from './vosi-table.ts'

/** What is to be said of a table from now on: what is left out stays, what is empty is taken away. */
export interface TableChanges {
  readonly texts: { readonly [K in 'description' | 'utype']?: string }
  readonly columns: readonly ColumnChanges[]
}

interface ColumnChanges {
  readonly name: string
  readonly texts: { readonly [K in (typeof COLUMN_TEXTS)[number]]?: string }
  /** Of PostgreSQL; undefined: nothing is said of it. */
  readonly sqlType: string | undefined
}

const COLUMN_TEXTS = ['description', 'unit', 'ucd', 'utype'] as const

/** Reads them of the description of a table, as `/tables/{table}` has it. @throws UserTableError */
export function readChanges(document: string): TableChanges {
  const table = parseVosiTable(document)
  const columns = columnsOf(table).map((column, index) => {
    const name = nameOf(column)
    const type = typeAttributes(column)
    const described = Object.keys(type).length === 0 ? undefined : describeColumn({ ...type, name }, index)
    if (typeof described === 'string') {
      throw new UserTableError('table_definition', described.replace(/^FIELD/, 'the column'))
    }
    return { name, texts: textsOf(column, COLUMN_TEXTS), sqlType: described?.sqlType }
  })
  return { texts: textsOf(table, ['description', 'utype']), columns }
}

/**
 * Changes what TAP_SCHEMA says of a table of the user's own, which is seen at once; its rows stay as they are.
 *
 * @param name as `readTableName` takes it
 * @throws UserTableError
 */
export async function editUserTable(
  pool: pg.Pool,
  { server, owner, name }: { readonly server: string; readonly owner: string; readonly name: string },
  changes: TableChanges,
): Promise<void> {
  await asTableOwner(pool, 'describing a table', async (client) => {
    const table = await holdOwn(client, server, owner, name)
    const columns = [...table.columns]
    for (const change of changes.columns) {
      const at = positionOf(table, change.name)
      const column = columns[at]
      if (column !== undefined) columns[at] = edited(column, change)
    }
    const { description, utype } = { ...table, ...changes.texts }
    checkTexts(table.name, changes.texts)
    await client.query(
      `update user_tables.item set description = nullif($2, ''), utype = nullif($3, ''), columns = $4,
              changed_at = clock_timestamp()
        where id = $1`,
      [table.id, description, utype, JSON.stringify(columns)],
    )
    await noteChange(client, 'TABLE_UPDATED', table, { described: true })
  })
}

function edited(column: UserColumn, { texts, sqlType }: ColumnChanges): UserColumn {
  if (sqlType !== undefined && sqlType !== column.sqlType) {
    throw new UserTableError(
      'table_definition',
      `the column ${JSON.stringify(column.name)} is ${column.sqlType}: its type cannot be changed`,
    )
  }
  checkTexts(column.name, texts)
  const all = Object.entries({ ...column, ...texts }).filter(([, value]) => value !== '')
  return Object.fromEntries(all) as unknown as UserColumn
}
