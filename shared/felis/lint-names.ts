import { ADQL_RESERVED_WORDS } from '../reserved-words.ts'
import { abridge } from '../yaml/values.ts'
import { below } from './location.ts'
import type { FelisObject, Schema, Table } from './model.ts'
import type { Report } from './reading.ts'

/** What has a name that queries use. */
type Noun = 'schema' | 'table' | 'column'

type Warning = Omit<Report, 'severity'>

interface Subject {
  readonly table: Table
  /** How many of the columns are the table's own. */
  readonly ownColumns: number
}

interface Trouble {
  readonly code: string
  readonly holds: (name: string) => boolean
  readonly say: (noun: Noun, name: string) => string
}

const WITH_DOTS: Readonly<Record<Noun, string>> = {
  schema: 'TAP servers split the names of its tables at the dots',
  table: 'TAP servers split the full name of the table at the dots',
  column: 'in a query, what is before the dot reads as a table',
}

/** What makes a name hard to use in ADQL (§2.1.2); of several, the first is reported. An empty name has its own rule. */
const TROUBLES: readonly Trouble[] = [
  {
    code: 'name_dot',
    holds: (name) => name.includes('.'),
    say: (noun, name) => `the ${noun} name '${name}' has a dot: ${WITH_DOTS[noun]}; use _ instead`,
  },
  {
    code: 'name_needs_quotes',
    holds: (name) => name !== '' && !/^[A-Za-z]\w*$/.test(name) && !isQuoted(name),
    say: (noun, name) =>
      `the ${noun} name '${name}' is not a plain name of ADQL (a letter, then letters, digits and _): each query must write it in double quotes`,
  },
  {
    code: 'name_reserved',
    holds: (name) => ADQL_RESERVED_WORDS.has(name.toUpperCase()),
    say: (noun, name) =>
      `the ${noun} name '${name}' is a reserved word of ADQL: each query must write it in double quotes`,
  },
]

/** In TAP_SCHEMA, a name that needs quotes may bring them along (TAP 1.1 §4). */
function isQuoted(name: string): boolean {
  return /^"(?:[^"]|"")+"$/.test(name)
}

export function lintSchemaName(schema: Schema): Warning[] {
  return lintName('schema', schema)
}

export function lintTableName({ table }: Pick<Subject, 'table'>): Warning[] {
  return lintName('table', table)
}

/** A referenced column has been checked in its own file, unless it is renamed here. */
export function lintColumnNames({ table, ownColumns }: Subject): Warning[] {
  const renamed = renamedHere(table)
  return table.columns.flatMap((column, index) => {
    if (index < ownColumns) return lintName('column', column)
    if (!renamed.has(column.name)) return []
    return lintName('column', column).map((warning) => ({ ...warning, loc: column.origin.loc, at: 'key' as const }))
  })
}

function renamedHere({ columnRefs }: Table): ReadonlySet<string> {
  const refs = [...columnRefs.values()].flatMap((tables) => [...tables.values()]).flatMap((columns) => [...columns])
  return new Set(refs.filter(([name, ref]) => (ref?.refName ?? name) !== name).map(([name]) => name))
}

function lintName(noun: Noun, { name, origin }: FelisObject): Warning[] {
  const trouble = TROUBLES.find(({ holds }) => holds(name))
  if (trouble === undefined) return []
  return [{ loc: below(origin.loc, 'name'), code: trouble.code, message: trouble.say(noun, abridge(name)) }]
}

/** Names that TAP_SCHEMA does not have; an empty one is no use to a database either. */
export function lintOtherNames({ table }: Pick<Subject, 'table'>): Warning[] {
  const constraints = table.constraints.filter(({ kind }) => kind !== 'ForeignKey')
  return [...constraints, ...table.indexes, ...table.columnGroups].flatMap(({ name, origin }) =>
    name === '' ? [{ loc: below(origin.loc, 'name'), code: 'name_empty', message: 'the name is empty' }] : [],
  )
}
