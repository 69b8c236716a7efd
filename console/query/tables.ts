import { TableSet } from '../../shared/adql/table-set.ts'
import { type ColumnRow, tablesFromRows } from '../../shared/adql/tables-from-rows.ts'
import { childText, elementsOf, getXml } from '../http.ts'

/** What a service says of its tables (VOSI 1.1 §2.2, VODataService 1.1). */
export interface Catalogue {
  readonly schemas: readonly SchemaInfo[]
  /** For checking queries. */
  readonly tables: TableSet
  /** Names of the functions that the service has beyond the language, in lower case. */
  readonly functions: ReadonlyMap<string, FunctionInfo>
  readonly formats: readonly string[]
}

export interface SchemaInfo {
  readonly name: string
  readonly description: string | undefined
  readonly tables: readonly TableInfo[]
}

export interface TableInfo {
  /** As a query names it: `sky.stars`. */
  readonly name: string
  readonly description: string | undefined
  readonly columns: readonly ColumnInfo[]
}

export interface ColumnInfo {
  readonly name: string
  readonly description: string | undefined
  readonly unit: string | undefined
  readonly ucd: string | undefined
  readonly datatype: string
}

export interface FunctionInfo {
  /** `ivo_healpix_index(order INTEGER, …) -> BIGINT` */
  readonly form: string
  readonly description: string | undefined
}

/** @throws CallError */
export async function readCatalogue(url: string, signal: AbortSignal): Promise<Catalogue> {
  const [tables, capabilities] = await Promise.all([
    getXml(`${url}/tables`, signal),
    getXml(`${url}/capabilities`, signal),
  ])
  const rows: { table_name: string; schema_name: string }[] = []
  const columnRows: ColumnRow[] = []
  const schemas = elementsOf(tables, 'schema').map((schema): SchemaInfo => {
    const name = childText(schema, 'name') ?? ''
    const found = elementsOf(schema, 'table').map((table): TableInfo => {
      const tableName = childText(table, 'name') ?? ''
      rows.push({ table_name: tableName, schema_name: name })
      const columns = elementsOf(table, 'column').map((column) => readColumn(column, tableName, columnRows))
      return { name: tableName, description: childText(table, 'description'), columns }
    })
    return { name, description: childText(schema, 'description'), tables: found }
  })
  return {
    schemas,
    tables: new TableSet(tablesFromRows(rows, columnRows)),
    functions: readFunctions(capabilities),
    formats: elementsOf(capabilities, 'outputFormat').flatMap((format) => childText(format, 'alias') ?? []),
  }
}

function readColumn(column: Element, table: string, rows: ColumnRow[]): ColumnInfo {
  const type = [...column.children].find(({ localName }) => localName === 'dataType')
  const name = childText(column, 'name') ?? ''
  const facts = {
    description: childText(column, 'description'),
    unit: childText(column, 'unit'),
    ucd: childText(column, 'ucd'),
  }
  const datatype = type?.textContent?.trim() || 'char'
  const arraysize = type?.getAttribute('arraysize') ?? null
  const xtype = type?.getAttribute('extendedType') ?? null
  rows.push({
    ...{ table_name: table, column_name: name, datatype, arraysize, xtype },
    ...{ unit: facts.unit ?? null, ucd: facts.ucd ?? null },
  })
  return { name, ...facts, datatype: arraysize === null ? datatype : `${datatype}[${arraysize}]` }
}

/** TAPRegExt 1.0 §2.3: user defined functions, and those of the language that are optional. */
function readFunctions(capabilities: Document): ReadonlyMap<string, FunctionInfo> {
  const functions = new Map<string, FunctionInfo>()
  for (const feature of elementsOf(capabilities, 'feature')) {
    const form = childText(feature, 'form') ?? ''
    const name = /^\w+/.exec(form)?.[0].toLowerCase()
    if (name !== undefined) functions.set(name, { form, description: childText(feature, 'description') })
  }
  return functions
}
