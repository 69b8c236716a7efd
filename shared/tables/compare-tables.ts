import type { ColumnMetadata, TableMetadata } from '../adql/metadata.ts'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import { nearMiss } from '../near-miss.ts'
import { declaredLength, fits } from './column-fits.ts'
import type { Relation, RelationColumn } from './relations.ts'

/** Where TAP_SCHEMA and the tables do not agree. */
export interface Finding {
  readonly code:
    | 'missing_table'
    | 'missing_column'
    | 'wrong_type'
    | 'not_readable'
    | 'not_indexed'
    | 'longer_text'
    | 'slow_position'
  /** `error`: queries fail, or say something wrong. `warning`: they are slow, or may be surprising. */
  readonly severity: 'error' | 'warning'
  /** As TAP_SCHEMA calls them. */
  readonly table: string
  readonly column?: string
  readonly message: string
}

/** Compares what TAP_SCHEMA says, with names of the database, with the tables that are there. */
export function compareTables(
  tables: readonly TableMetadata[],
  relations: readonly Relation[],
  geometry: GeometryStrategy,
): readonly Finding[] {
  return tables.flatMap((table) => {
    const relation = relations.find(
      ({ schema, name }) => schema === table.physical?.schema && name === table.physical.name,
    )
    return relation === undefined ? [missingTable(table, relations)] : compareTable(table, relation, geometry)
  })
}

function missingTable({ tapName, physical }: TableMetadata, relations: readonly Relation[]): Finding {
  const [schema, name] = [physical?.schema ?? '', physical?.name ?? '']
  const others = relations.filter((relation) => relation.schema === schema).map((relation) => relation.name)
  const hint = nearMiss(name, others)
  const advice = hint === undefined ? '' : ` (did you mean ${shown(schema, hint)}${caseAdvice(name, hint)}?)`
  const message = `there is no table ${shown(schema, name)}${advice}`
  return { code: 'missing_table', severity: 'error', table: tapName, message }
}

function shown(schema: string, name: string): string {
  return [schema, name].map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : `"${part}"`)).join('.')
}

/** Where names differ in upper and lower case only, it is the rule that is wrong. */
function caseAdvice(name: string, found: string): string {
  if (name === found || name.toLowerCase() !== found.toLowerCase()) return ''
  return name === name.toLowerCase() ? '; names: exact fits' : '; names: lower fits'
}

function compareTable(table: TableMetadata, relation: Relation, geometry: GeometryStrategy): readonly Finding[] {
  const { tapName } = table
  const found = table.columns.all.map((column) => ({ column, stored: relation.columns.get(column.physical ?? '') }))
  const hidden = new Map<string, string[]>()
  for (const { column, stored } of found) {
    for (const role of stored?.hiddenFrom ?? []) hidden.set(role, [...(hidden.get(role) ?? []), nameOf(column)])
  }
  const present = found.filter(({ stored }) => stored !== undefined).length
  const unreadable = [...hidden].map(([role, columns]): Finding => {
    const what = columns.length === present ? 'the table' : `the columns ${columns.join(', ')}`
    return { code: 'not_readable', severity: 'error', table: tapName, message: `${role} cannot read ${what}` }
  })
  return [
    ...unreadable,
    ...found.flatMap(({ column, stored }) =>
      stored === undefined
        ? [missingColumn(tapName, column, relation)]
        : compareColumn(tapName, column, stored, relation, geometry),
    ),
  ]
}

function nameOf({ origin, name }: ColumnMetadata): string {
  return origin?.column ?? name.text
}

function missingColumn(table: string, column: ColumnMetadata, { columns, schema, name }: Relation): Finding {
  const wanted = column.physical ?? ''
  const hint = nearMiss(wanted, columns.keys())
  const advice = hint === undefined ? '' : ` (did you mean ${hint}${caseAdvice(wanted, hint)}?)`
  const message = `${shown(schema, name)} has no column ${wanted}${advice}`
  return { code: 'missing_column', severity: 'error', table, column: nameOf(column), message }
}

function compareColumn(
  table: string,
  column: ColumnMetadata,
  stored: RelationColumn,
  { isView }: Relation,
  geometry: GeometryStrategy,
): readonly Finding[] {
  const at = { table, column: nameOf(column) }
  const { datatype, arraysize, xtype } = column.type
  if (!fits(column.type, stored, geometry)) {
    const declared = `${datatype}${arraysize === undefined ? '' : `[${arraysize}]`}${xtype === undefined ? '' : ` (${xtype})`}`
    return [
      {
        code: 'wrong_type',
        severity: 'error',
        ...at,
        message: `it is ${declared} in TAP_SCHEMA, and ${stored.type} in the table`,
      },
    ]
  }
  const most = declaredLength(column.type)
  const findings: Finding[] = []
  if (most !== null && stored.length !== null && stored.length > most) {
    const message = `it has up to ${most} characters in TAP_SCHEMA, and up to ${stored.length} in the table`
    findings.push({ code: 'longer_text', severity: 'warning', ...at, message })
  }
  if (column.indexed === true && !stored.indexed && !isView) {
    const message = 'TAP_SCHEMA says that it is indexed, and no index begins with it'
    findings.push({ code: 'not_indexed', severity: 'warning', ...at, message })
  }
  return findings
}
