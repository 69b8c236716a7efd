import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { ADQL_RESERVED_WORDS } from '../../shared/reserved-words.ts'
import type { Catalogue, TableInfo } from './tables.ts'

/** Those that begin something in a query; the other reserved words are not worth a line. */
const KEYWORDS =
  `SELECT DISTINCT TOP FROM WHERE GROUP BY HAVING ORDER OFFSET JOIN INNER LEFT RIGHT FULL OUTER NATURAL ON
USING AS AND OR NOT IN BETWEEN LIKE IS NULL EXISTS UNION EXCEPT INTERSECT ALL WITH ASC DESC CAST COUNT AVG MIN MAX SUM`
    .split(/\s+/)
    .filter((word) => word === 'TOP' || word === 'OFFSET' || ADQL_RESERVED_WORDS.has(word))

/** What can stand where the cursor is: columns behind a dot, tables behind FROM and JOIN, else everything. */
export function completeFrom(
  catalogue: Catalogue | undefined,
): (context: CompletionContext) => CompletionResult | null {
  return (context) => {
    const word = context.matchBefore(/[\w."]*/)
    if (word === null || (word.text === '' && !context.explicit)) return null
    const text = context.state.doc.toString()
    const schemas = catalogue?.schemas ?? []
    const tables = schemas.flatMap((schema) => schema.tables)
    const dot = word.text.lastIndexOf('.')
    if (dot >= 0) {
      const owner = word.text.slice(0, dot)
      const table = meantBy(owner, text, tables)
      const options = table === undefined ? tablesOf(owner, tables) : columnsOf(table)
      return { from: word.from + dot + 1, options, validFor: /^[\w"]*$/ }
    }
    const before = text.slice(0, word.from)
    const isTable = /\b(?:from|join)\s+$|\bfrom\s[^()]*,\s*$/i.test(before)
    const options = isTable
      ? tables.map(tableOption)
      : [
          ...mentioned(text, tables).flatMap(columnsOf),
          ...functionsOf(catalogue),
          ...KEYWORDS.map(keywordOption),
          ...tables.map(tableOption),
        ]
    return { from: word.from, options, validFor: /^\w*$/ }
  }
}

/** The table of an alias, or of a name with or without its schema. */
function meantBy(owner: string, text: string, tables: readonly TableInfo[]): TableInfo | undefined {
  const wanted = owner.toLowerCase()
  const named = tables.find(({ name }) => name.toLowerCase() === wanted || bareName(name).toLowerCase() === wanted)
  if (named !== undefined) return named
  const escaped = owner.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const [, aliased] = new RegExp(`([\\w."]+)\\s+(?:as\\s+)?${escaped}\\b`, 'i').exec(text) ?? []
  return aliased === undefined || aliased.toLowerCase() === wanted
    ? undefined
    : tables.find(({ name }) => [name, bareName(name)].some((known) => known.toLowerCase() === aliased.toLowerCase()))
}

function mentioned(text: string, tables: readonly TableInfo[]): TableInfo[] {
  const words = new Set(text.toLowerCase().match(/[\w."]+/g))
  return tables.filter(({ name }) => words.has(name.toLowerCase()) || words.has(bareName(name).toLowerCase()))
}

function tablesOf(schema: string, tables: readonly TableInfo[]): Completion[] {
  const prefix = `${schema.toLowerCase()}.`
  return tables
    .filter(({ name }) => name.toLowerCase().startsWith(prefix))
    .map((table) => ({ ...tableOption(table), label: table.name.slice(prefix.length) }))
}

function bareName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

const INFO = 300

function tableOption({ name, description = '' }: TableInfo): Completion {
  return { label: name, type: 'class', detail: 'table', info: description.slice(0, INFO) }
}

function columnsOf({ name: table, columns }: TableInfo): Completion[] {
  return columns.map(({ name, unit, datatype, description = '' }) => ({
    label: name,
    type: 'property',
    detail: unit === undefined ? datatype : `${datatype}, ${unit}`,
    info: description === '' ? table : `${table}: ${description.slice(0, INFO)}`,
    boost: 2,
  }))
}

function keywordOption(label: string): Completion {
  return { label, type: 'keyword' }
}

function functionsOf(catalogue: Catalogue | undefined): Completion[] {
  const standard = STANDARD_FUNCTIONS.rows.map(({ name }) => ({ label: name, type: 'function', apply: `${name}(` }))
  const known = new Set(standard.map(({ label }) => label.toLowerCase()))
  const own = [...(catalogue?.functions ?? [])].flatMap(([name, { form, description = '' }]) =>
    known.has(name) ? [] : [{ label: name, type: 'function', detail: form, info: description, apply: `${name}(` }],
  )
  return [...standard, ...own]
}
