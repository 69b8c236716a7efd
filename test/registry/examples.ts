import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SaxesParser } from 'saxes'
import type { LiveTap } from '../../shared/registry/context.ts'
import type { ColumnRow, KeyRow, SlotRows, TableRow } from '../../shared/tap/slot-rows.ts'
import { DATA } from '../support/golden.ts'

/** An element as it compares: attributes without namespaces, children in their order, or text without blanks around it. */
export interface Tree {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Tree[]
  text: string
}

export function parseXml(text: string): Tree {
  const top: Tree = { name: '', attributes: {}, children: [], text: '' }
  const open = [top]
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    const kept = Object.entries(attributes).filter(([key]) => !key.startsWith('xmlns'))
    const tree: Tree = { name, attributes: Object.fromEntries(kept), children: [], text: '' }
    open.at(-1)!.children.push(tree)
    open.push(tree)
  })
  parser.on('text', (piece) => {
    open.at(-1)!.text += piece
  })
  parser.on('closetag', () => {
    const tree = open.pop()!
    tree.text = tree.text.trim()
  })
  parser.write(text).close()
  return top.children[0]!
}

export function readExample(name: string): string {
  return readFileSync(join(DATA, 'golden/registry-examples', name), 'utf8')
}

const textOf = (tree: Tree, name: string) => tree.children.find((child) => child.name === name)?.text ?? null
const all = (tree: Tree, name: string) => tree.children.filter((child) => child.name === name)

/** What is live in the examples: the tables of dp1 and ObsCore. */
export function liveOfExamples(): LiveTap {
  const tablesets = ['dataset-catalogue.xml', 'dataset-obscore.xml'].flatMap((name) =>
    all(parseXml(readExample(name)), 'tableset'),
  )
  const schemas = tablesets.flatMap((tableset) => all(tableset, 'schema'))
  const rows: SlotRows = {
    schemas: schemas.map((schema) => ({
      schema_name: textOf(schema, 'name')!,
      description: textOf(schema, 'description'),
      utype: null,
      schema_index: null,
    })),
    tables: schemas.flatMap((schema) => all(schema, 'table').map((table) => tableRow(textOf(schema, 'name')!, table))),
    columns: schemas.flatMap((schema) => all(schema, 'table').flatMap(columnRows)),
    keys: schemas.flatMap((schema) => all(schema, 'table').flatMap(keyRows)),
  }
  return { identity: '1', version: 'releases/w.2026.34', rows: withOwn(rows) }
}

/** TAP_SCHEMA describes itself too, which is nothing for a registry. */
function withOwn(rows: SlotRows): SlotRows {
  const schema_name = 'tap_schema'
  const schema = { schema_name, description: null, utype: null, schema_index: null }
  const table = {
    ...{ schema_name, table_name: 'tap_schema.tables', table_type: 'table' },
    ...{ description: null, utype: null, table_index: null },
  }
  return { ...rows, schemas: [...rows.schemas, schema], tables: [...rows.tables, table] }
}

function tableRow(schema_name: string, table: Tree): TableRow {
  return {
    schema_name,
    table_name: textOf(table, 'name')!,
    table_type: 'table',
    description: textOf(table, 'description'),
    utype: textOf(table, 'utype'),
    table_index: null,
  }
}

function columnRows(table: Tree): ColumnRow[] {
  return all(table, 'column').map((column) => {
    const type = all(column, 'dataType')[0]!
    const flags = all(column, 'flag').map(({ text }) => text)
    return {
      table_name: textOf(table, 'name')!,
      column_name: textOf(column, 'name')!,
      datatype: type.text,
      arraysize: type.attributes.arraysize ?? null,
      xtype: null,
      size: null,
      description: textOf(column, 'description'),
      utype: textOf(column, 'utype'),
      unit: textOf(column, 'unit'),
      ucd: textOf(column, 'ucd'),
      indexed: flags.includes('indexed') ? 1 : 0,
      principal: 0,
      std: column.attributes.std === 'true' ? 1 : 0,
      column_index: null,
    }
  })
}

function keyRows(table: Tree): KeyRow[] {
  return all(table, 'foreignKey').map((key) => ({
    key_id: 'k1',
    from_table: textOf(table, 'name')!,
    target_table: textOf(key, 'targetTable')!,
    description: null,
    utype: null,
    columns: all(key, 'fkColumn').map((pair) => ({
      from_column: textOf(pair, 'fromColumn')!,
      target_column: textOf(pair, 'targetColumn')!,
    })),
  }))
}
