import { EXTENSIONS } from './extensions.ts'
import { declaredForms } from './functions/forms.ts'
import type { DialectName, FunctionRow } from './functions/row.ts'
import { FUNCTIONS } from './functions/table.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { positionIndex } from './position-indexes.ts'
import type { GeometryStrategy } from './postgresql/context.ts'

/** The page `docs/adql.md`: what the service understands, made from the tables that the parser and resolver work by. */
export function writeReference(): string {
  return [INTRODUCTION, functionTables(), extensionTable(), limits(), indexes(), COMMAND].join('\n')
}

const INTRODUCTION = `# ADQL

The whole of [ADQL 2.1](https://www.ivoa.net/documents/ADQL/20231215/) is understood, and ADQL 2.0 with it. This page is printed
by \`almagest adql --reference\`.

Where the standard leaves a choice:

- An integer divided by an integer is an integer, cut toward zero: \`7/2\` is 3. Write \`7/2.0\` for the quotient.
- Numbers with a point or an exponent are doubles.
- Names without quotes compare without case. Names in double quotes compare exactly; a name that TAP_SCHEMA declares in
  quotes needs them in queries too.
- ORDER BY looks for an alias of the select list first, then for a column; GROUP BY for a column first, then for an alias.
- JOIN without ON and USING joins every row with every row.
- A literal beside a timestamp is read as a time (\`obs_time > '2021-01-14T11:25:00'\`), beside a boolean as one
  (\`flag = 'true'\`): ADQL has no literals of these types.
- PostgreSQL holds NaN for equal to itself and greater than all numbers: \`mag > 20\` finds it, MAX gives it. Its ORDER BY
  has NULL last, with DESC first.
- Longitudes lie between 0 and 360, latitudes between -90 and 90 degrees, radii between 0 and 180. Constants beyond are
  refused; longitudes of rows may be turns away, and are given out between 0 and 360.
- The coordinate system as the first argument of POINT, CIRCLE, BOX and POLYGON is taken, and changes nothing.
- Columns of regions hold text of DALI (\`circle 10 20 1\`) or STC-S (\`Polygon ICRS 1 2 3 4 5 6\`): points, circles and
  polygons in ICRS, FK5 or J2000. To CONTAINS, INTERSECTS, AREA and CENTROID any other text is like NULL.
- The units of results follow from those of columns: sums keep them, products and quotients write them out.
`

const HEADINGS: Readonly<Record<FunctionRow['group'], string>> = {
  mathematical: 'Mathematical functions',
  trigonometrical: 'Trigonometrical functions',
  string: 'Functions of text',
  conditional: 'COALESCE',
  unit: 'Units',
  aggregate: 'Aggregates',
  geometry: 'Geometry',
  udf: 'User defined functions',
}

const DIALECTS: readonly (readonly [DialectName, string])[] = [
  ['postgresql', 'PostgreSQL'],
  ['qserv', 'Qserv'],
]

function functionTables(): string {
  const groups = Map.groupBy(FUNCTIONS, ({ group }) => group)
  const tables = [...groups].map(([group, rows]) => `### ${HEADINGS[group]}\n\n${functionTable(rows)}`)
  return `## Functions\n\nBesides these there is \`CAST(x AS type)\` with the types SMALLINT, INTEGER, BIGINT, REAL, DOUBLE PRECISION, CHAR,
VARCHAR, TIMESTAMP, POINT, CIRCLE and POLYGON. DOUBLE, REAL and NUMERIC take any number, INTEGER and BIGINT any integer,
TEXT any text, GEOMETRY any shape, ANY any value. NULL in gives NULL out unless said otherwise.\n\n${tables.join('\n')}`
}

function functionTable(rows: readonly FunctionRow[]): string {
  const lines = rows.map((row) => `| ${declaredForms(row).map(code).join('<br>')} | ${escapeCell(describe(row))} |`)
  return `| function | meaning |\n| --- | --- |\n${lines.join('\n')}\n`
}

function describe(row: FunctionRow): string {
  const refusals = DIALECTS.flatMap(([name, title]) => {
    const rule = row.sql[name]
    return typeof rule === 'object' ? [` Not on ${title}: ${lowerFirst(rule.refused)}`] : []
  })
  const deprecated = row.deprecated === undefined ? '' : ` Deprecated: ${lowerFirst(row.deprecated)}`
  return `${row.meaning}${deprecated}${refusals.join('')}`
}

/** Names of products and functions keep their capitals. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]+ (?!has)/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

function extensionTable(): string {
  const lines = EXTENSIONS.map(
    ({ name, what, example }) => `| ${name} | ${escapeCell(what)} | ${code(example.replaceAll('\n', ' ⏎ '))} |`,
  )
  return `## Beyond ADQL 2.1\n\nThese are taken too; other services may refuse them. \`almagest adql\` says which a query uses.\n\n| name | what | example |\n| --- | --- | --- |\n${lines.join('\n')}\n`
}

function limits(): string {
  const { length, nesting, selects, tables, inValues, operators } = DEFAULT_LIMITS
  return `## Limits

A query may be ${length} characters long and nested ${nesting} levels deep. It may have ${selects} SELECTs, ${tables} tables,
${operators} operators, and ${inValues} values in a list of IN.
`
}

const GEOMETRIES: readonly GeometryStrategy[] = ['portable', 'pgsphere', 'postgis']

function indexes(): string {
  const lines = GEOMETRIES.map((geometry) => {
    const { method, expression } = positionIndex(geometry, 'ra', 'dec')
    return `| ${geometry} | ${code(`create index on t using ${method} (${expression})`)} |`
  })
  return `## Indexes

Searches by position (CONTAINS, DISTANCE below a radius, crossmatches) are fast with an index on each position, ra and dec here:

| geometry | index |
| --- | --- |
${lines.join('\n')}

Columns of pgSphere's and PostGIS's own types need a GiST index on themselves.
`
}

const COMMAND = `## Checking queries

\`almagest adql\` says whether a query is right, and if not, what is wrong, where, and what to write instead:

\`\`\`
$ almagest adql --release schemas.tar.gz --schemas dp1 'SELECT TOP 5 coord_rra FROM dp1.Object'
error: line 1, column 14: There is no column coord_rra in dp1.Object. Did you mean coord_ra?
1 | SELECT TOP 5 coord_rra FROM dp1.Object
  |              ^
\`\`\`

Names and types are checked against a release (\`--release\`, \`--schemas\`), a TAP service (\`--url\`) or a TAP server's database
(\`--database\`); without any of them, only what needs no metadata. \`--json\` prints

| field | meaning |
| --- | --- |
| \`valid\` | true or false |
| \`error\` | \`kind\`, \`message\`, \`line\` and \`column\` (from 1), \`offset\` (from 0) and \`length\` in characters, \`suggestion\` and \`suggestions\`: what to write instead |
| \`columns\` | of the result: \`name\`, \`datatype\`, \`arraysize\`, \`xtype\`, \`unit\`, \`ucd\`, \`utype\`, \`description\`, and \`origin\`, the row of TAP_SCHEMA.columns that the values come from unchanged |
| \`sql\` | with \`--dialect\`: the SQL that the query service would get |
| \`warning\` | with \`--dialect qserv\`: why all chunks of a table would be read |
| \`extensions\` | what the query uses beyond ADQL 2.1 |

\`--dialect postgresql\` prints the SQL too, with \`--geometry portable\` (the default), \`pgsphere\` or \`postgis\`; \`--dialect qserv\`
prints that of Qserv. A query that the dialect cannot answer is not valid there: an error of kind \`unsupported\`. A release does
not say how Qserv has partitioned its tables, so this command prints searches by position in the form that reads all chunks.

\`--lines FILE --json\` judges many queries: a JSON string a line in, one such object a line out, thousands a second.
`

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*')
}
