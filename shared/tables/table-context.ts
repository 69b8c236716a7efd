import type { Schema, Table } from '../felis/model.ts'
import { columnsById, type NameCase, type Owned, spell } from './lookup.ts'
import { qualified } from './sql.ts'

/** What a schema is to become in the database. */
export interface TableContext {
  readonly schema: Schema
  readonly names: NameCase
  /** What is there already stays as it is. */
  readonly ifNotExists: boolean
  readonly columns: ReadonlyMap<string, Owned>
}

export function tableContext(schema: Schema, names: NameCase, ifNotExists: boolean): TableContext {
  return { schema, names, ifNotExists, columns: columnsById(schema) }
}

export function tableSql({ name }: Table, { schema, names }: TableContext): string {
  return qualified(spell(schema.name, names), spell(name, names))
}

/** The columns with these ids, by their names in the database. */
export function columnNames(ids: readonly string[], { columns, names }: TableContext): readonly string[] {
  return ids.flatMap((id) => {
    const found = columns.get(id)
    return found === undefined ? [] : [spell(found.column.name, names)]
  })
}
