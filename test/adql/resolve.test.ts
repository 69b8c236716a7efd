import { describe, expect, test } from 'vitest'
import { AdqlError } from '../../shared/adql/error.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { type ColumnRow, tablesFromRows } from '../../shared/adql/tables-from-rows.ts'

const COLUMNS: readonly ColumnRow[] = [
  ['sky.star', 'star_id', 'long'],
  ['sky.star', 'ra', 'double', { unit: 'deg', ucd: 'pos.eq.ra;meta.main' }],
  ['sky.star', 'dec', 'double', { unit: 'deg', ucd: 'pos.eq.dec;meta.main' }],
  ['sky.star', 'pmra', 'double', { unit: 'mas/yr' }],
  ['sky.star', 'flags', 'short'],
  ['sky.star', 'quality', 'unsignedByte'],
  ['sky.star', 'mag', 'float', { unit: 'mag' }],
  ['sky.star', 'name', 'char', { arraysize: '20*' }],
  ['sky.star', 'seen', 'char', { arraysize: '*', xtype: 'timestamp' }],
  ['sky.star', 'variable', 'boolean'],
  ['sky.star', 'outline', 'double', { arraysize: '*', xtype: 'polygon' }],
  ['sky.epoch', 'star_id', 'long'],
  ['sky.epoch', 'flux', 'double', { unit: 'Jy' }],
  ['sky.epoch', 'note', 'unicodeChar', { arraysize: '*' }],
  ['deep.star', 'star_id', 'long'],
  ['TAP_UPLOAD.mine', 'ra', 'double'],
].map(
  ([table_name, column_name, datatype, more = {}]) =>
    ({ table_name, column_name, datatype, ...(more as object) }) as ColumnRow,
)

const TABLES = [...new Set(COLUMNS.map(({ table_name }) => table_name))].map((table_name) => ({
  table_name,
  schema_name: table_name.split('.')[0] ?? '',
}))
const tables = new TableSet(tablesFromRows(TABLES, COLUMNS))

function resolve(adql: string) {
  return resolveQuery(parseQuery(adql), tables)
}

function errorOf(adql: string): AdqlError {
  try {
    resolve(adql)
  } catch (error) {
    if (error instanceof AdqlError) return error
    throw error
  }
  throw new Error(`taken: ${adql}`)
}

describe('types and units flow through expressions', () => {
  test.each([
    ['ra + 1', 'double', 'deg'],
    ['ra + dec', 'double', 'deg'],
    ['ra + pmra', 'double', undefined],
    ['ra * 2', 'double', 'deg'],
    ['ra / dec', 'double', undefined],
    ['flags * pmra', 'double', 'mas/yr'],
    ['ra * pmra', 'double', 'deg.(mas/yr)'],
    ['1 / ra', 'double', undefined],
    ['flags + flags', 'int', undefined],
    ['flags * star_id', 'long', undefined],
    ['-flags', 'short', undefined],
    ['-quality', 'short', undefined],
    ['+quality', 'unsignedByte', undefined],
    ['-mag', 'float', 'mag'],
    ['-star_id', 'long', undefined],
    ['-NULL', 'double', undefined],
    ['+NULL', 'double', undefined],
    ['mag + flags', 'float', 'mag'],
    ['mag + star_id', 'double', 'mag'],
    ['3000000000', 'long', undefined],
    ['99999999999999999999', 'double', undefined],
    ['RADIANS(ra)', 'double', 'rad'],
    ['ABS(pmra)', 'double', 'mas/yr'],
    ['SQRT(ra)', 'double', undefined],
    ["IN_UNIT(pmra, 'deg/yr')", 'double', 'deg/yr'],
    ['DISTANCE(ra, dec, 1, 2)', 'double', 'deg'],
    ['AREA(outline)', 'double', 'deg**2'],
    ['COALESCE(flags, star_id)', 'long', undefined],
    ['COALESCE(mag, 1.5)', 'double', undefined],
    ["name || 'x'", 'char', undefined],
    ['CAST(ra AS REAL)', 'float', 'deg'],
    ['CAST(ra AS VARCHAR)', 'char', undefined],
  ])('%s is %s in %s', (expression, datatype, unit) => {
    const [column] = resolve(`SELECT ${expression} AS x FROM sky.star`).columns
    expect(column).toMatchObject({ name: 'x', type: { datatype } })
    expect(column?.unit).toBe(unit)
  })

  test.each(['UPPER(note)', "note || 'x'", 'MAX(note)', "ivo_string_agg(note, ', ')", 'CAST(note AS VARCHAR)'])(
    '%s holds all of Unicode, as its column does',
    (expression) => {
      const [column] = resolve(`SELECT ${expression} AS x FROM sky.epoch`).columns
      expect(column?.type.datatype).toBe('unicodeChar')
    },
  )

  test('a column keeps all that the catalogue says of it through subqueries and WITH', () => {
    const [column] = resolve('WITH w AS (SELECT ra AS a FROM sky.star) SELECT y.a FROM (SELECT a FROM w) AS y').columns
    expect(column).toEqual({
      name: 'a',
      type: { kind: 'real', datatype: 'double' },
      unit: 'deg',
      ucd: 'pos.eq.ra;meta.main',
      origin: { table: 'sky.star', column: 'ra' },
    })
  })

  test('the main position of a table is found by its UCDs', () => {
    const star = tables.tables.find(({ tapName }) => tapName === 'sky.star')
    expect(star?.positions.map(({ longitude, latitude }) => [longitude.name.text, latitude.name.text])).toEqual([
      ['ra', 'dec'],
    ])
  })
})

describe('what means nothing is refused with its reason', () => {
  test.each([
    ['SELECT star_id FROM star', 'ambiguous-table', 'star may be sky.star or deep.star: write the schema too.'],
    ['SELECT flux FROM sky.star', 'unknown-column', 'A column of that name is in sky.epoch.'],
    ['SELECT sky.star.ra FROM sky.star AS s', 'unknown-table', 'sky.star is called s in this query'],
    [
      'SELECT ra FROM sky.star WHERE name = "M31"',
      'unknown-column',
      "If it is a text, write it in single quotes: 'M31'.",
    ],
    ["SELECT ra FROM sky.star WHERE seen > 'yesterday'", 'type', "'yesterday' is not a valid time"],
    ["SELECT ra FROM sky.star WHERE variable = 'maybe'", 'type', "Compare a boolean with 'true' or 'false'."],
    ['SELECT ra FROM sky.star WHERE outline = outline', 'type', 'use CONTAINS, INTERSECTS or DISTANCE'],
    ['SELECT DISTINCT outline FROM sky.star', 'type', 'cannot be compared'],
    ['SELECT ra FROM sky.star GROUP BY 1', 'grouping', 'GROUP BY takes no positions'],
    [
      'SELECT ra FROM sky.star WHERE ra IN (SELECT ra, dec FROM sky.star)',
      'subquery-columns',
      'must select one column',
    ],
    ['SELECT ra FROM sky.star WHERE ra IN (SELECT name FROM sky.star)', 'type', 'cannot be compared'],
    ["SELECT ra FROM sky.star WHERE ra = ' 10 '", 'type', 'Write 10.'],
    ['SELECT ra FROM sky.star WHERE 10 = name', 'type', "Write '10'."],
    ['SELECT ra FROM sky.star WHERE ra = name', 'type', 'CAST(… AS VARCHAR) a text of a number'],
    ["SELECT ra FROM sky.star WHERE name = 'a\0b'", 'type', 'U+0000'],
    [
      'WITH a AS (SELECT ra FROM b), b AS (SELECT ra FROM sky.star) SELECT ra FROM a',
      'unknown-table',
      'what stands before it',
    ],
    ['WITH a AS (SELECT ra FROM a) SELECT ra FROM a', 'unknown-table', 'what stands before it'],
    ['SELECT POINT(-10, 5) FROM sky.star', 'coordinate-range', 'Write 350, which is the same place.'],
    ["SELECT REGION('sphere 1 2') FROM sky.star", 'region', 'A region begins with circle, polygon, point or box'],
    ["SELECT REGION('CIRCLE ICRS 10 20') FROM sky.star", 'region', 'A circle has 3 numbers; this one has 2'],
    ['SELECT BITWISE_AND(flags) FROM sky.star', 'arguments', 'Write BITWISE_AND(a, b).'],
    ['SELECT BITWISE_AND(ra, 1) FROM sky.star', 'type', 'takes an integer as its first argument'],
    [
      'SELECT ra FROM sky.star UNION SELECT ra FROM sky.star ORDER BY dec',
      'unknown-column',
      'no column dec to sort by',
    ],
    ['SELECT a.ra FROM sky.star AS a, sky.star AS a', 'duplicate-table', 'FROM names a twice'],
    ['SELECT nothing(ra) FROM sky.star', 'unknown-function', 'There is no function nothing.'],
  ])('%s', (adql, kind, message) => {
    const error = errorOf(adql)
    expect(error.fault).toBe(kind)
    expect(error.message).toContain(message)
  })
})

test('names are found without case, with their schema, or bare where they are unique', () => {
  for (const name of ['SKY.STAR', 'sky.star', '"sky"."star"', 'mine', 'tap_upload.MINE', 'TAP_UPLOAD."mine"']) {
    expect(resolve(`SELECT RA FROM ${name}`).columns[0]?.name).toBe('ra')
  }
})

test('a correlated subquery says how far out its columns are', () => {
  const { body } = resolve(
    'SELECT ra FROM sky.star s WHERE EXISTS (SELECT * FROM sky.epoch e WHERE e.star_id = s.star_id)',
  )
  const where = body.body.kind === 'select' ? body.body.where : undefined
  const inner = where?.kind === 'exists' && where.query.body.kind === 'select' ? where.query.body.where : undefined
  expect(inner).toMatchObject({ kind: 'comparison', left: { depth: 0 }, right: { depth: 1 } })
})

test('literals beside timestamps and booleans are read as these', () => {
  const { body } = resolve(
    "SELECT ra FROM sky.star WHERE seen BETWEEN '2021-01-14' AND '2021-01-14 11:25:00Z' AND variable = 1",
  )
  const where = body.body.kind === 'select' ? body.body.where : undefined
  expect(where).toMatchObject({
    operands: [
      {
        low: { value: '2021-01-14', type: { kind: 'timestamp' } },
        high: { value: '2021-01-14T11:25:00', type: { kind: 'timestamp' } },
      },
      { right: { value: 'true', type: { kind: 'boolean' } } },
    ],
  })
})
