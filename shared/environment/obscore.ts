import { findColumn, OBSCORE_COLUMNS, type ObscoreColumn } from '../obscore/columns.ts'
import {
  CONVERSIONS,
  type ColumnMapping,
  type Conversion,
  type ObscoreMapping,
  type Scalar,
  sameName,
} from '../obscore/mapping.ts'
import { parseTemplate } from '../obscore/template.ts'
import { listOf, mapOf, notEmpty, uniqueListOf } from './collections.ts'
import type { Place, Report } from './report.ts'
import { type Found, optional, part, placedSection, required, section, sectionAs } from './sections.ts'
import { anyText, called, describeNode, flag, oneOf, type Shape, type ShapeOf, text } from './shapes.ts'

/** Text, a number or a truth value; text without the blanks around it. */
const scalar: Shape<Scalar> = {
  type: 'scalar',
  read: (node, path, report) => {
    const value = node.kind === 'scalar' ? node.value : undefined
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
    const found = value === '' ? 'an empty text' : describeNode(node)
    report.error('wrong_type', { path, at: node.at }, `must be text, a number, true or false, not ${found}`)
    return undefined
  },
}

const memberPath = notEmpty(listOf(text()), 'name at least one member')

function complaintAboutTemplate(template: string): string | null {
  const parts = parseTemplate(template)
  return typeof parts === 'string' ? parts : null
}

export const obscoreColumn = called(
  'column mapping',
  placedSection({
    path: optional(memberPath, null, 'Members of the document, one within the other, that lead to the value.'),
    map: optional(mapOf(scalar), null, 'What stands for which value: the value as text → what is published.'),
    from: optional(
      oneOf(...(Object.keys(CONVERSIONS) as [Conversion, ...Conversion[]])),
      null,
      'Notation or unit of the value, which is converted.',
    ),
    template: optional(
      anyText(complaintAboutTemplate),
      null,
      'Text for documents without the value. What stands in a dollar sign and braces is filled in: `scope` and `name` of the key, `@column` (an earlier one), `a/b` (a member); with `|url` behind it percent-encoded.',
    ),
    default: optional(scalar, null, 'Value for documents that still have none.'),
  }),
)
type Entry = ShapeOf<typeof obscoreColumn>

function complaintAboutTable(name: string): string | null {
  const parts = name.split('.')
  const isLegal = parts.length === 2 && parts.every((word) => /^[^\s".]+$/.test(word) && Buffer.byteLength(word) <= 63)
  return isLegal ? null : 'is not the name of a table: expected SCHEMA.TABLE, as PostgreSQL has them, without quotes'
}

/** A column may be called like anything in this table. */
function complaintAboutColumnName(name: string): string | null {
  return name.trim() === '' || Buffer.byteLength(name) > 63 ? 'is not the name of a column' : null
}

const columnName = text(complaintAboutColumnName)

const SOURCE = sectionAs(
  {
    table: optional(text(complaintAboutTable), 'public.dids', 'The table: `SCHEMA.TABLE`.'),
    key: optional(
      notEmpty(uniqueListOf(columnName), 'name one or two columns'),
      ['scope', 'name'],
      'Its columns, one or two, that identify a record.',
    ),
    document: optional(columnName, 'data', 'Its column (jsonb) with the documents.'),
    columns: optional(
      mapOf(obscoreColumn),
      null,
      'Instead of `document` and `columns` above: the row is the document, `path` begins with a column.',
    ),
  },
  (found, report) => {
    const given = found.whole()
    if (given === undefined) return undefined
    const [schema = '', table = ''] = given.table.split('.')
    if (given.key.length > 2) report.error('invalid_value', found.placeOf('key'), 'has more than two columns')
    if (given.columns !== null && found.isGiven('document')) {
      report.error('conflict', found.placeOf('document'), 'has no meaning beside columns: the row is the document')
    }
    const document = given.columns === null ? given.document : null
    return { source: { schema, table, key: given.key, document }, columns: given.columns }
  },
)

const KEYS = {
  source: part(SOURCE, 'The table with the records. The defaults are those of Rucio with metadata in PostgreSQL.'),
  sameNames: optional(
    flag,
    null,
    'Whether each column is the member of its name, where `columns` does not say otherwise. Without the key: only if there are no `columns`.',
  ),
  columns: optional(mapOf(obscoreColumn), null, 'Where the value of a column comes from, by the names of the columns.'),
  when: optional(
    section({
      path: required(memberPath, 'Members of the document that lead to a value.'),
      in: required(notEmpty(listOf(scalar), 'list at least one value'), 'The values.'),
    }),
    null,
    'Which documents are published: those that have one of these values there. Without the key: all.',
  ),
  strict: optional(flag, false, 'Whether one bad value keeps a record out. Without it only the value is left out.'),
  regionFormat: optional(
    oneOf('stc', 'dali'),
    'stc' as const,
    '`stc`: regions are published as `Polygon ICRS …` and `Circle ICRS …`; `dali`: as the numbers of polygons, circles are left out.',
  ),
}

/** What becomes of the metadata of files in `ivoa.obscore`. */
export const OBSCORE: Shape<ObscoreMapping> = sectionAs(KEYS, readMapping)

function readMapping(found: Found<typeof KEYS>, report: Report): ObscoreMapping | undefined {
  const given = found.whole()
  if (given === undefined) return undefined
  const { source, columns, when, strict, regionFormat } = given
  if (columns !== null && source.columns !== null) {
    report.error('conflict', found.placeOf('columns'), 'stand here and in source: give one of them')
  }
  const entries = columns ?? source.columns
  const sameNames = given.sameNames ?? entries === null
  const mapped = new Map<string, ColumnMapping>()
  for (const [name, entry] of entries ?? []) checkEntry(name, entry, report)
  for (const { name } of OBSCORE_COLUMNS) {
    const own = entries?.get(name)
    if (own === undefined && !sameNames) continue
    const usual = sameNames ? [name] : null
    mapped.set(name, own === undefined ? sameName(name) : { ...mappingOf(own), path: own.path ?? usual })
  }
  return { source: source.source, when, strict, regionFormat, columns: mapped }
}

function mappingOf({ path, map, from, template, default: usual }: Entry): ColumnMapping {
  return { path, map, from, template, default: usual }
}

function checkEntry(name: string, entry: Entry, report: Report): void {
  const { place } = entry
  const column = findColumn(name)
  if (column === undefined) {
    report.error('unknown_key', place, `ivoa.ObsCore has no column ${JSON.stringify(name)} here`)
    return
  }
  if (entry.path === null && entry.template === null && entry.default === null && entry.map === null) {
    if (entry.from === null) report.error('missing_key', place, 'says nothing: give path, template or default')
  }
  checkConversion(column, entry, report)
  checkTemplate(column, entry, report)
  checkConstants(column, entry, report)
}

function checkConversion(column: ObscoreColumn, { from, place }: Entry, report: Report): void {
  if (from === null || CONVERSIONS[from] === column.unit) return
  const unit = column.unit === null ? 'no unit' : `the unit ${column.unit}`
  report.error('conflict', below(place, 'from'), `${from} gives ${CONVERSIONS[from]}, but ${column.name} has ${unit}`)
}

function checkTemplate(column: ObscoreColumn, { template, place }: Entry, report: Report): void {
  const parts = template === null ? [] : parseTemplate(template)
  if (typeof parts === 'string') return
  const names = OBSCORE_COLUMNS.map(({ name }) => name)
  const earlier = names.slice(0, names.indexOf(column.name))
  const wrong = parts.find((found) => found.kind === 'column' && !earlier.includes(found.column))
  if (wrong?.kind !== 'column') return
  const what = names.includes(wrong.column) ? 'comes after it' : 'is not a column'
  report.error('invalid_value', below(place, 'template'), `names @${wrong.column}, which ${what}`)
}

/** Numbers where the column has numbers. */
function checkConstants(column: ObscoreColumn, { map, default: usual, from, place }: Entry, report: Report): void {
  const isNumber = column.kind === 'integer' || column.kind === 'double'
  if (!isNumber) return
  const fits = (value: Scalar) => typeof value === 'number' || /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(String(value))
  if (usual !== null && !fits(usual)) {
    report.error('invalid_value', below(place, 'default'), `is not a number, which ${column.name} is`)
  }
  const bad = from === null ? [...(map ?? [])].find(([, value]) => !fits(value)) : undefined
  if (bad !== undefined) {
    report.error(
      'invalid_value',
      below(place, 'map'),
      `gives ${JSON.stringify(bad[1])}, but ${column.name} is a number`,
    )
  }
}

function below(place: Place, key: string): Place {
  return { ...place, path: `${place.path}.${key}` }
}
