import { XmlWriter } from '../xml/writer.ts'
import type { ColumnRow, KeyRow, SlotRows, TableRow } from './slot-rows.ts'

/** `min`: names and descriptions of schemas and tables; `max`: columns and keys too (VOSI 1.1 §2.3.1). */
export type Detail = 'min' | 'max'

const NAMESPACES = {
  'xmlns:vosi': 'http://www.ivoa.net/xml/VOSITables/v1.0',
  'xmlns:vs': 'http://www.ivoa.net/xml/VODataService/v1.1',
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
}

/** The document of all tables (VOSI 1.1 §2.3). */
export function formatTables(rows: SlotRows, detail: Detail): string {
  const xml = new XmlWriter()
  xml.open('vosi:tableset', NAMESPACES)
  writeSchemas(xml, rows, detail)
  return xml.close().take()
}

/** The same without the element around them: what a registry says of the tables too. */
export function writeSchemas(xml: XmlWriter, rows: SlotRows, detail: Detail): void {
  const described = describe(rows)
  const bySchema = Map.groupBy(rows.tables, ({ schema_name }) => schema_name)
  for (const { schema_name, description, utype } of rows.schemas) {
    xml.open('schema').element('name', {}, schema_name)
    xml.textElement('description', description).textElement('utype', utype)
    for (const table of bySchema.get(schema_name) ?? []) writeTable(xml, 'table', {}, table, detail, described)
    xml.close()
  }
}

/** The document of one table, by its name in TAP_SCHEMA (VOSI 1.1 §2.3.2); undefined: there is none of this name. */
export function formatTable(rows: SlotRows, name: string): string | undefined {
  const table = rows.tables.find(({ table_name }) => table_name === name)
  if (table === undefined) return undefined
  const xml = new XmlWriter()
  writeTable(xml, 'vosi:table', NAMESPACES, table, 'max', describe(rows))
  return xml.take()
}

interface Described {
  readonly columns: ReadonlyMap<string, readonly ColumnRow[]>
  readonly keys: ReadonlyMap<string, readonly KeyRow[]>
}

function describe({ columns, keys }: SlotRows): Described {
  return {
    columns: grouped(columns, ({ table_name }) => table_name),
    keys: grouped(keys, ({ from_table }) => from_table),
  }
}

/** Once for rows that many documents are made of: a registry has one for each dataset. */
function grouped<Row extends object>(rows: readonly Row[], tableOf: (row: Row) => string): ReadonlyMap<string, Row[]> {
  const known = GROUPED.get(rows)
  if (known !== undefined) return known as Map<string, Row[]>
  const groups = Map.groupBy(rows, tableOf)
  GROUPED.set(rows, groups)
  return groups
}

const GROUPED = new WeakMap<readonly object[], Map<string, object[]>>()

function writeTable(
  xml: XmlWriter,
  tag: string,
  attributes: Readonly<Record<string, string>>,
  table: TableRow,
  detail: Detail,
  { columns, keys }: Described,
): void {
  const { table_name, table_type, description, utype } = table
  xml.open(tag, { ...attributes, type: table_type }).element('name', {}, table_name)
  xml.textElement('description', description).textElement('utype', utype)
  if (detail === 'max') {
    for (const column of columns.get(table_name) ?? []) writeColumn(xml, column)
    for (const key of keys.get(table_name) ?? []) writeKey(xml, key)
  }
  xml.close()
}

const FLAGS = ['indexed', 'principal'] as const

/** VODataService 1.2 §3.3. */
function writeColumn(xml: XmlWriter, column: ColumnRow): void {
  const { column_name, description, unit, ucd, utype, datatype, arraysize, xtype, std } = column
  xml.open('column', { std: std === 1 }).element('name', {}, column_name)
  xml.textElement('description', description).textElement('unit', unit)
  xml.textElement('ucd', ucd).textElement('utype', utype)
  xml.element('dataType', { 'xsi:type': 'vs:VOTableType', arraysize, extendedType: xtype }, datatype)
  for (const flag of FLAGS) if (column[flag] === 1) xml.element('flag', {}, flag)
  xml.close()
}

/** VODataService 1.2 §3.3.3; a key without columns, which TAP_SCHEMA does not forbid, cannot be written. */
function writeKey(xml: XmlWriter, { target_table, description, utype, columns }: KeyRow): void {
  if (columns.length === 0) return
  xml.open('foreignKey').element('targetTable', {}, target_table)
  for (const { from_column, target_column } of columns) {
    xml.open('fkColumn').element('fromColumn', {}, from_column).element('targetColumn', {}, target_column).close()
  }
  xml.textElement('description', description).textElement('utype', utype).close()
}
