import { isObsCore } from '../tap/describe-service.ts'
import { isOwnName } from '../tap/own-tables.ts'
import type { SlotRows, TableRow } from '../tap/slot-rows.ts'

/** Without those that describe TAP_SCHEMA itself. */
export function publishedTables(rows: SlotRows): SlotRows {
  return choose(rows, (schema) => !isOwnName(schema))
}

/** Those of some schemas. */
export function tablesOfSchemas(rows: SlotRows, schemas: readonly string[]): SlotRows {
  return choose(rows, (schema) => schemas.includes(schema))
}

/** ivoa.ObsCore alone. */
export function obsCoreTable(rows: SlotRows): SlotRows {
  const tables = rows.tables.filter(isObsCore)
  const schemas = tables.map(({ schema_name }) => schema_name)
  return choose({ ...rows, tables }, (schema) => schemas.includes(schema))
}

/** VODataService 1.2 §3.3 has another word for it than TAP_SCHEMA. */
function inWordsOfRegistries(table: TableRow): TableRow {
  return table.table_type === 'table' ? { ...table, table_type: 'base_table' } : table
}

function choose({ schemas, tables, columns, keys }: SlotRows, wanted: (schema: string) => boolean): SlotRows {
  return {
    schemas: schemas.filter(({ schema_name }) => wanted(schema_name)),
    tables: tables.filter(({ schema_name }) => wanted(schema_name)).map(inWordsOfRegistries),
    columns,
    keys,
  }
}
