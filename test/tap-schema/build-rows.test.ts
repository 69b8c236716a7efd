import { describe, expect, it } from 'vitest'
import { FelisLoader } from '../../shared/felis/load.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import { DEPLOYED, type LoaderOptions, PLAIN } from '../../shared/tap-schema/options.ts'
import { columnsOf, TAP_TABLE_NAMES, tapTable } from '../../shared/tap-schema/tables.ts'
import {
  type GoldenTables,
  HAS_DATA,
  NEEDS_DATA,
  readGolden,
  readReleaseFiles,
  sortRows,
  withUnicodeText,
} from '../support/golden.ts'

const SINGLE: readonly [profile: string, options: LoaderOptions, names: readonly string[]][] = [
  ['default', PLAIN, ['cdb_latiss', 'dp03_10yr', 'dp1', 'ivoa_obscore', 'ppdb']],
  [
    'deployed',
    DEPLOYED,
    ['dp02_dc2', 'dp03_10yr', 'dp03_1yr', 'dp1', 'dp2', 'ivoa_obscore', 'oga_live_obscore', 'ppdb'],
  ],
]

const SETS: readonly [name: string, schemas: readonly string[]][] = [
  ['tap', ['dp2', 'dp1', 'ivoa_obscore', 'dp02_dc2']],
  ['ssotap', ['dp03_10yr', 'dp03_1yr']],
  ['livetap', ['oga_live_obscore']],
  ['ppdbtap', ['ppdb']],
]

function build(files: ReadonlyMap<string, string>, schemas: readonly string[], options: LoaderOptions) {
  const { columnRefIndexIncrement, unboundedArraysize } = options
  const loader = new FelisLoader(files, {
    idGeneration: true,
    columnRefIndexIncrement,
    unboundedArraysize,
    checks: new Set(),
  })
  const loaded = schemas.map((name) => loader.load(`${name}.yaml`))
  return { loaded, ...buildRows(loaded, options) }
}

describe.skipIf(!HAS_DATA)(
  `rows of release w.2026.34, with TAP_SCHEMA's free text as unicodeChar${NEEDS_DATA}`,
  async () => {
    const files = HAS_DATA ? await readReleaseFiles('w.2026.34') : new Map<string, string>()

    function expectGolden(path: string, schemas: readonly string[], options: LoaderOptions): void {
      const golden = withUnicodeText(readGolden<GoldenTables>(path))
      const { loaded, rows, problems } = build(files, schemas, options)
      expect(
        [...loaded.flatMap((schema) => schema.problems), ...problems].filter(({ severity }) => severity === 'error'),
      ).toEqual([])
      const sorted = sortRows(rows)
      for (const table of TAP_TABLE_NAMES) {
        expect(columnsOf(tapTable(table), options).map(({ name }) => name)).toEqual(golden[table].columns)
        expect(sorted[table]).toEqual(golden[table].rows)
      }
    }

    for (const [profile, options, names] of SINGLE) {
      it(`of no schema are the rows that describe TAP_SCHEMA itself (${profile})`, () => {
        expectGolden(`felis/${profile}/_init.json`, [], options)
      })
      it.each(names)(`of %s are those that Felis loads (${profile})`, (name) => {
        expectGolden(`felis/${profile}/${name}.json`, [name], options)
      })
    }

    it.each(SETS)('of the set %s are those that Repertoire loads', (name, schemas) => {
      expectGolden(`felis/tap-sets/${name}.json`, schemas, DEPLOYED)
    })
  },
)

/** Builds rows of files `a.yaml`, `b.yaml`, … in this order. */
function buildTexts(texts: readonly string[], options: LoaderOptions = DEPLOYED) {
  const names = texts.map((_, index) => String.fromCharCode(97 + index))
  const files = new Map(texts.map((text, index) => [`${names[index]}.yaml`, text]))
  const built = build(files, names, options)
  const problems = built.loaded.flatMap((loaded) => loaded.problems)
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return built
}

function places(built: ReturnType<typeof buildTexts>): string[] {
  return built.problems.map(({ file, line, column, path, code }) => `${file}:${line}:${column} ${path} ${code}`)
}

const TABLE = 'tables:\n- {name: t, columns: [{name: c, datatype: int}]}\n'
const SELF = buildRows([], PLAIN).rows

describe('rows', () => {
  const SURVEY = `name: survey
votable:utype: x
description: d
tables:
- name: t
  tap:table_index: 5
  primaryKey: "#t.id"
  columns:
  - {name: id, datatype: long, tap:principal: 1, tap:std: 1, tap:column_index: -3, ivoa:ucd: meta.id}
  - {name: u, datatype: string, length: 8, ivoa:unit: "", fits:tunit: mag}
  - {name: v, datatype: binary, length: 8, votable:arraysize: "", ivoa:unit: deg}
  indexes:
  - {name: i, columns: ["#t.u"]}
  - {name: j, columns: ["#t.v", "#t.id"]}
- name: r
  primaryKey: ["#r.id"]
  columns: [{name: id, datatype: long}, {name: u, datatype: char, length: 8}]
  constraints:
  - {name: k, "@type": ForeignKey, columns: ["#r.id", "#r.u"], referencedColumns: ["#t.id", "#t.u"], description: kd, votable:utype: ku}
  - {name: q, "@type": Unique, columns: ["#r.id"]}
`

  function rowsOf(options: LoaderOptions) {
    const { rows, problems } = buildTexts([SURVEY], options)
    expect(problems).toEqual([])
    return Object.fromEntries(TAP_TABLE_NAMES.map((table) => [table, rows[table].slice(SELF[table].length)]))
  }

  it('hold what the schema says', () => {
    expect(rowsOf(PLAIN)).toEqual({
      schemas: [['survey', 'x', 'd', null]],
      tables: [
        ['survey', 'survey.t', 'table', null, null, 5],
        ['survey', 'survey.r', 'table', null, null, 0],
      ],
      columns: [
        ['survey.t', 'id', null, 'meta.id', null, null, 'long', null, null, null, 1, 1, 1, -3],
        ['survey.t', 'u', null, null, 'mag', null, 'char', '8*', null, 8, 0, 1, 0, null],
        ['survey.t', 'v', null, null, 'deg', null, 'unsignedByte', null, null, null, 0, 0, 0, null],
        ['survey.r', 'id', null, null, null, null, 'long', null, null, null, 0, 0, 0, null],
        ['survey.r', 'u', null, null, null, null, 'char', '8', null, 8, 0, 0, 0, null],
      ],
      keys: [['k', 'survey.r', 'survey.t', 'ku', 'kd']],
      key_columns: [
        ['k', 'id', 'id'],
        ['k', 'u', 'u'],
      ],
    })
  })

  it('follow the options: unique keys, extension columns, numbered schemas', () => {
    const rows = rowsOf({ ...DEPLOYED, firstSchemaIndex: 0 })
    expect(rows.keys).toEqual([['survey_k', 'survey.r', 'survey.t', 'ku', 'kd']])
    expect(rows.key_columns?.[0]).toEqual(['survey_k', 'id', 'id'])
    expect(rows.schemas).toEqual([['survey', 'x', 'd', 0, null, null, null, null, null]])
    expect(rows.tables?.[0]).toEqual(['survey', 'survey.t', 'table', null, null, 5, null, null, null, null, null, null])
    expect(rows.columns?.[1]).toEqual([
      'survey.t',
      'u',
      null,
      null,
      'mag',
      null,
      'char',
      '*',
      null,
      null,
      0,
      1,
      0,
      null,
      null,
    ])
  })

  it('number schemas by their place in the list, and pass over one that could not be loaded', () => {
    const files = new Map([
      ['a.yaml', `name: a\n${TABLE}`],
      ['b.yaml', 'name: b\n'],
      ['c.yaml', `name: c\n${TABLE}`],
    ])
    const { rows } = build(files, ['a', 'b', 'c'], { ...PLAIN, firstSchemaIndex: 1 })
    expect(rows.schemas.slice(1)).toEqual([
      ['a', null, null, 1],
      ['c', null, null, 3],
    ])
  })
})

describe('what TAP_SCHEMA cannot hold', () => {
  it('is reported all at once, with its place', () => {
    const long = (length: number) => 'x'.repeat(length)
    const text = `name: ${long(65)}
description: "${long(513)}"
tables:
- name: t
  tap:table_index: 2147483648
  columns:
  - {name: ${long(65)}, datatype: int, ivoa:ucd: 'lsst:${long(60)};meta.main', fits:tunit: ${'m.'.repeat(33)}m}
  - {name: b, datatype: int, votable:arraysize: "99999999999999999", votable:xtype: ${long(65)}}
  - {name: c, datatype: int, tap:column_index: -2147483649, votable:utype: ${long(513)}}
  - {name: d, datatype: int, tap:principal: null, tap:std: null}
  - {name: "e\\0", datatype: string, length: 2147483648}
  constraints:
  - {name: k${long(64)}, "@type": ForeignKey, columns: ["#t.b"], referencedColumns: ["#t.c"]}
`
    expect(places(buildTexts([text], { ...PLAIN }))).toEqual([
      'a.yaml:1:7 name row_text_too_long',
      'a.yaml:2:14 description row_text_too_long',
      'a.yaml:5:20 tables.0.tap:table_index row_integer_too_large',
      'a.yaml:7:12 tables.0.columns.0.name row_text_too_long',
      'a.yaml:7:104 tables.0.columns.0.ivoa:ucd row_text_too_long',
      'a.yaml:7:195 tables.0.columns.0.fits:tunit row_text_too_long',
      'a.yaml:8:49 tables.0.columns.1.votable:arraysize row_text_too_long',
      'a.yaml:8:49 tables.0.columns.1.votable:arraysize row_integer_too_large',
      'a.yaml:8:85 tables.0.columns.1.votable:xtype row_text_too_long',
      'a.yaml:9:48 tables.0.columns.2.tap:column_index row_integer_too_large',
      'a.yaml:9:76 tables.0.columns.2.votable:utype row_text_too_long',
      'a.yaml:10:45 tables.0.columns.3.tap:principal row_null',
      'a.yaml:10:60 tables.0.columns.3.tap:std row_null',
      'a.yaml:11:5 tables.0.columns.4.votable:arraysize row_integer_too_large',
      'a.yaml:11:12 tables.0.columns.4.name row_null_character',
      'a.yaml:13:12 tables.0.constraints.0.ForeignKey.name row_text_too_long',
    ])
  })

  it('is reported for a schema that has other errors, too, but of its good parts only', () => {
    const long = 'x'.repeat(513)
    const text = `name: s
tables:
- name: t
  columns:
  - {name: a, datatype: nt, description: ${long}}
  - {name: b, datatype: int, description: ${long}, tap:column_index: x}
  - {name: b, datatype: int}
  constraints:
  - {name: k, "@type": ForeignKey, columns: ["#t.a"], referencedColumns: ["#t.b"]}
`
    const { loaded, rows, problems } = build(new Map([['a.yaml', text]]), ['a'], DEPLOYED)
    expect(loaded[0]!.problems.map(({ code }) => code)).toEqual(['literal_error', 'int_parsing', 'names_not_unique'])
    expect(problems).toMatchObject([{ path: 'tables.0.columns.1.description', line: 6, code: 'row_text_too_long' }])
    expect(rows).toEqual(buildRows([], DEPLOYED).rows)
  })

  it('is counted in characters, and the whole width can be used', () => {
    const described = (text: string) => buildTexts([`name: s\ndescription: "${text}"\n${TABLE}`]).problems
    expect(described('😀'.repeat(512))).toEqual([])
    expect(described('😀'.repeat(513))).toMatchObject([{ code: 'row_text_too_long' }])
    expect(described('😀'.repeat(513))[0]!.message).toContain('holds 512 characters; this text has 513')
  })

  it('counts the schema in a table name, and reports it once for the table and not for each of its columns', () => {
    const text = `name: ${'s'.repeat(64)}\ntables:\n- {name: ${'t'.repeat(64)}, columns: [{name: a, datatype: int}, {name: b, datatype: int}]}\n`
    expect(places(buildTexts([text]))).toEqual(['a.yaml:3:10 tables.0.name row_text_too_long'])
  })

  it('is reported for a referenced column where it is referenced', () => {
    const text =
      'name: s\nresources: {b: {uri: b.yaml}}\ntables:\n- name: t\n  columnRefs:\n    b:\n      t:\n        c: {overrides: {tap:principal: null}}\n'
    const { problems } = build(
      new Map([
        ['a.yaml', text],
        ['b.yaml', `name: b\n${TABLE}`],
      ]),
      ['a'],
      DEPLOYED,
    )
    expect(problems).toMatchObject([{ file: 'a.yaml', line: 8, code: 'row_null' }])
  })
})

describe('names that can be there only once', () => {
  it('schemas of two files', () => {
    const { problems, rows } = buildTexts([`name: s\n${TABLE}`, `name: s\n${TABLE}`])
    expect(problems).toMatchObject([{ file: 'b.yaml', line: 1, column: 7, path: 'name', code: 'schemas_repeated' }])
    expect(problems[0]!.message).toContain("'s' is in a.yaml already")
    expect(rows.tables.filter(([schema]) => schema === 's')).toHaveLength(1)
  })

  it('a schema that is twice in the list', () => {
    const files = new Map([['a.yaml', `name: s\n${TABLE}`]])
    expect(build(files, ['a', 'a'], DEPLOYED).problems).toMatchObject([{ code: 'schemas_repeated' }])
  })

  it('a schema called like TAP_SCHEMA itself', () => {
    const { problems } = buildTexts([`name: tap_schema\n${TABLE}`])
    expect(problems).toMatchObject([{ code: 'schemas_repeated' }])
    expect(problems[0]!.message).toContain('belongs to TAP_SCHEMA itself')
  })

  it('tables of schemas whose names run together', () => {
    const built = buildTexts([
      'name: a\ntables: [{name: b.c, columns: [{name: x, datatype: int}]}]',
      'name: a.b\ntables: [{name: c, columns: [{name: x, datatype: int}]}]',
    ])
    expect(places(built)).toEqual(['b.yaml:2:17 tables.0.name tables_repeated'])
  })

  it('columns, where own and referenced ones have ids of their own', () => {
    const text =
      'name: s\nresources: {b: {uri: b.yaml}}\ntables:\n- name: t\n  columns: [{name: c, "@id": x, datatype: int}]\n  columnRefs: {b: {t: {c: }}}\n'
    const { problems } = build(
      new Map([
        ['a.yaml', text],
        ['b.yaml', `name: b\n${TABLE}`],
      ]),
      ['a'],
      DEPLOYED,
    )
    expect(problems).toMatchObject([{ line: 6, column: 24, code: 'columns_repeated' }])
  })

  const keyed = (name: string, key: string) =>
    `name: ${name}\ntables:\n- name: t\n  columns: [{name: c, datatype: int}]\n  constraints: [{name: ${key}, "@type": ForeignKey, columns: ["#t.c"], referencedColumns: ["#t.c"]}]\n`

  it('keys of two files, unless the schema is put in front', () => {
    const texts = [keyed('a', 'k'), keyed('b', 'k')]
    const { problems, rows } = buildTexts(texts, { ...DEPLOYED, uniqueKeys: false })
    expect(problems).toMatchObject([{ file: 'b.yaml', line: 5, code: 'keys_repeated' }])
    expect(problems[0]!.message).toMatch(/'k' is in a\.yaml already; .*uniqueKeys/)
    expect(rows.key_columns.filter(([key]) => key === 'k')).toHaveLength(1)
    expect(buildTexts(texts).problems).toEqual([])
  })

  it('keys that run together even so, or are called like those of TAP_SCHEMA', () => {
    expect(buildTexts([keyed('a', 'b_k'), keyed('a_b', 'k')]).problems).toMatchObject([{ code: 'keys_repeated' }])
    expect(buildTexts([keyed('a', 'k1')], { ...DEPLOYED, uniqueKeys: false }).problems).toMatchObject([
      { code: 'keys_repeated' },
    ])
  })
})

describe('what Felis accepts and no TAP server can serve', () => {
  const target = (columns: string) => `name: s
tables:
- {name: a, columns: [{name: x, datatype: int}, {name: y, datatype: int}]}
- {name: b, columns: [{name: y, datatype: int}]}
- {name: c, columns: [{name: z, datatype: int}]}
- name: t
  columns: [{name: i, datatype: int}, {name: j, datatype: int}, {name: k, datatype: int}]
  constraints:
  - {name: fk, "@type": ForeignKey, columns: ["#t.i", "#t.j", "#t.k"], referencedColumns: [${columns}]}
`

  it('a foreign key to columns of several tables is an error at the constraint', () => {
    const built = buildTexts([target('"#a.x", "#b.y", "#c.z"')])
    expect(places(built)).toEqual(['a.yaml:9:5 tables.3.constraints.0.ForeignKey key_to_several_tables'])
    expect(built.problems).toMatchObject([{ severity: 'error', message: expect.stringContaining("'a', 'b', 'c'") }])
  })

  it('the tables count, not whether the first of them has columns of these names', () => {
    expect(buildTexts([target('"#a.x", "#b.y", "#a.y"')]).problems).toMatchObject([{ code: 'key_to_several_tables' }])
    expect(buildTexts([target('"#a.x", "#a.y", "#a.x"')]).problems).toEqual([])
  })

  it('empty names of all that is a row are errors, also those of white space', () => {
    const text = `name: ""
"@id": "#s"
tables:
- name: "  "
  columns: [{name: "", datatype: int}]
  constraints: [{name: "", "@id": "#k", "@type": ForeignKey, columns: ["#  ."], referencedColumns: ["#  ."]}]
`
    expect(
      places(buildTexts([text.replaceAll('"#  ."', '"#c"').replace('{name: "", d', '{name: "", "@id": "#c", d')])),
    ).toEqual([
      'a.yaml:1:7 name name_empty',
      'a.yaml:4:9 tables.0.name name_empty',
      'a.yaml:5:20 tables.0.columns.0.name name_empty',
      'a.yaml:6:24 tables.0.constraints.0.ForeignKey.name name_empty',
    ])
  })
})

describe('names that differ in upper and lower case only', () => {
  it('are warnings for columns of a table, tables of a schema and schemas of a server', () => {
    const built = buildTexts([
      'name: s\ntables:\n- {name: T, columns: [{name: ra, datatype: int}, {name: RA, datatype: int}]}\n- {name: t, columns: [{name: Ra, datatype: int}]}\n',
      `name: S\n${TABLE}`,
      `name: Tap_Schema\n${TABLE}`,
    ])
    expect(places(built)).toEqual([
      'a.yaml:3:57 tables.0.columns.1.name names_differ_in_case',
      'a.yaml:4:10 tables.1.name names_differ_in_case',
      'b.yaml:1:7 name names_differ_in_case',
      'c.yaml:1:7 name names_differ_in_case',
    ])
    expect(new Set(built.problems.map(({ severity }) => severity))).toEqual(new Set(['warning']))
    expect(built.rows.schemas.map(([name]) => name)).toEqual(['tap_schema', 's', 'S', 'Tap_Schema'])
  })

  it('a referenced column counts, too', () => {
    const text =
      'name: s\nresources: {b: {uri: b.yaml}}\ntables:\n- name: t\n  columns: [{name: C, datatype: int}]\n  columnRefs: {b: {t: {c: }}}\n'
    const files = new Map([
      ['a.yaml', text],
      ['b.yaml', `name: b\n${TABLE}`],
    ])
    expect(build(files, ['a'], DEPLOYED).problems).toMatchObject([{ line: 6, code: 'names_differ_in_case' }])
  })

  it('many warnings hide no error', () => {
    const columns = ['c', 'C'].flatMap((letter) => Array.from({ length: 2500 }, (_, index) => `${letter}${index}`))
    const lines = [...columns, 'x'.repeat(65)].map((name) => `  - {name: ${name}, datatype: int}\n`)
    const { problems } = buildTexts([`name: s\ntables:\n- name: t\n  columns:\n${lines.join('')}`])
    expect(problems.filter(({ severity }) => severity === 'error')).toMatchObject([{ code: 'row_text_too_long' }])
    expect(problems.length).toBeLessThan(2500)
  })
})
