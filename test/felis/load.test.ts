import { describe, expect, it } from 'vitest'
import { DEFAULT_CONTEXT, type FelisContext } from '../../shared/felis/context.ts'
import { FelisLoader, type LoadedSchema } from '../../shared/felis/load.ts'
import type { Schema } from '../../shared/felis/model.ts'
import { formatProblem, type Problem } from '../../shared/problem.ts'

function load(
  files: Readonly<Record<string, string>>,
  context: Partial<FelisContext> = {},
  name = 's.yaml',
): LoadedSchema {
  return new FelisLoader(new Map(Object.entries(files)), { ...DEFAULT_CONTEXT, ...context }).load(name)
}

function errorsOf({ problems }: LoadedSchema): readonly Problem[] {
  return problems.filter(({ severity }) => severity === 'error')
}

function schemaOf(loaded: LoadedSchema): Schema {
  expect(errorsOf(loaded).map(formatProblem)).toEqual([])
  return loaded.schema!
}

/** `file:line:column path code` of each problem. */
function places({ problems }: LoadedSchema): string[] {
  return problems.map(({ file, line, column, path, code }) => `${file}:${line}:${column} ${path} ${code}`)
}

const BASE = `name: base
tables:
- name: object
  columns:
  - {name: id, datatype: long, tap:principal: 1, tap:column_index: 7, description: identifier}
  - {name: label, datatype: string, length: 64}
  - {name: seen, datatype: timestamp}
`

describe('problems of a file', () => {
  const FILE = `name: s
description: 5
tables:
- name: t
  colums: []
  columns:
  - name: a
    datatype: strng
    tap:principal: 2
  - name: b
    datatype: string
  - datatype: int
    ucd: meta.id
  constraints:
  - name: k
    "@type": ForeignKey
    columns: ["#t.a", "#t.x"]
    referencedColumns: ["#u.id", "#t.b"]
- name: u
  columns:
  - {name: id, datatype: int, nullable: perhaps}
  - {name: id, datatype: int, nullable: on}
`

  it('are reported all at once, in reading order, each with its place', () => {
    expect(places(load({ 's.yaml': FILE }))).toEqual([
      's.yaml:2:14 description string_type',
      's.yaml:5:3 tables.0.colums extra_forbidden',
      's.yaml:8:15 tables.0.columns.0.datatype literal_error',
      's.yaml:9:20 tables.0.columns.0.tap:principal less_than_equal',
      's.yaml:10:5 tables.0.columns.1 length_missing',
      's.yaml:12:5 tables.0.columns.2.name missing',
      's.yaml:13:5 tables.0.columns.2.ucd extra_forbidden',
      's.yaml:21:41 tables.1.columns.0.nullable bool_type',
      's.yaml:22:12 tables.1.columns names_not_unique',
    ])
  })

  it('come with what was probably meant', () => {
    const suggestions = load({ 's.yaml': FILE }).problems.flatMap(({ suggestion }) => suggestion ?? [])
    expect(suggestions).toEqual(['columns', 'string', 'ivoa:ucd'])
  })

  it('say what was found and what would be right', () => {
    expect(
      load({ 's.yaml': FILE })
        .problems.map(({ message }) => message)
        .slice(0, 5),
    ).toEqual([
      'expected text, found an integer (5); write it in quotes',
      "a table has no 'colums'",
      "expected one of boolean, byte, short, int, long, float, double, char, string, unicode, text, binary, timestamp; found text ('strng')",
      'must be at most 1, found 2',
      "Length must be provided for type 'string' in column '#t.b'",
    ])
  })

  it('do not include things that are only missing because something else is broken', () => {
    const text =
      'name: s\ntables:\n- name: t\n  columns: [{name: a, datatype: nt}]\n  constraints: [{name: k, "@type": Unique, columns: ["#t.a"]}]\n'
    expect(places(load({ 's.yaml': text }))).toEqual(['s.yaml:4:33 tables.0.columns.0.datatype literal_error'])
  })

  it('include dangling references beside an unrelated error', () => {
    const text =
      'name: s\ntables:\n- name: t\n  tap:table_index: x\n  columns: [{name: ab, datatype: int}]\n  constraints: [{name: k, "@type": Unique, columns: ["#t.aa"]}]\n'
    const loaded = load({ 's.yaml': text })
    expect(places(loaded)).toEqual([
      's.yaml:4:20 tables.0.tap:table_index int_parsing',
      's.yaml:6:54 tables.0.constraints.0.columns.#t.aa column_not_found',
      's.yaml:6:54 tables.0.constraints.0.columns.#t.aa column_not_in_table',
    ])
    expect(loaded.problems[1]!.suggestion).toBe('#t.ab')
  })

  it('found through an alias or a merge are placed where they are written', () => {
    const text =
      'name: s\ntables:\n- &t\n  name: t\n  columns:\n  - &c {name: a, datatype: int, tap:std: 3}\n- name: u\n  columns:\n  - {<<: *c, name: b}\n'
    expect(places(load({ 's.yaml': text }))).toEqual([
      's.yaml:6:42 tables.0.columns.0.tap:std less_than_equal',
      's.yaml:6:42 tables.1.columns.0.tap:std less_than_equal',
    ])
  })

  it('about keys that are no text are placed at these keys, however they are written', () => {
    const text = 'name: s\ntables:\n- name: t\n  on: 1\n  0x1F: 2\n  1.50: 3\n  ~: 4\n  2024-01-01: 5\n  columns: []\n'
    expect(places(load({ 's.yaml': text })).map((place) => place.replace(' invalid_key', ''))).toEqual([
      's.yaml:4:3 tables.0.1',
      's.yaml:5:3 tables.0.31',
      's.yaml:6:3 tables.0.1.5',
      's.yaml:7:3 tables.0.None',
      's.yaml:8:3 tables.0.2024-01-01',
    ])
  })

  it('count columns in characters', () => {
    expect(places(load({ 's.yaml': '{description: "😀😀", name: s, tables: [], x: 1}' }))).toEqual([
      's.yaml:1:42 x extra_forbidden',
    ])
  })

  it('may be warnings, which do not stand in the way', () => {
    const text =
      'name: s\ntables:\n- name: t\n  name: u\n  columns:\n  - {name: a, datatype: int, length: 4, votable:arraysize: 3}\n'
    const loaded = load({ 's.yaml': text })
    expect(loaded.problems.map(({ severity }) => severity)).toEqual(['warning', 'warning', 'warning'])
    expect(places(loaded)).toEqual([
      's.yaml:4:3  yaml_duplicate_key',
      's.yaml:6:30 tables.0.columns.0.length length_unused',
      's.yaml:6:60 tables.0.columns.0.votable:arraysize arraysize_not_text',
    ])
    expect(loaded.schema!.tables[0]!).toMatchObject({ name: 'u', columns: [{ arraysize: '3', length: 4 }] })
  })

  it.each([
    ['a missing file', {}, 'file_missing'],
    ['broken YAML', { 's.yaml': 'a: [' }, 'yaml_syntax'],
    ['an empty file', { 's.yaml': '' }, 'yaml_empty'],
    ['a list', { 's.yaml': '- a' }, 'model_type'],
    ['text', { 's.yaml': 'hello' }, 'model_type'],
    ['null', { 's.yaml': '~' }, 'model_type'],
  ])('%s is one problem of the whole file', (_, files, code) => {
    const loaded = load(files as Record<string, string>)
    expect(loaded.schema).toBeNull()
    expect(loaded.problems).toMatchObject([{ file: 's.yaml', path: '', code }])
  })
})

describe('ids', () => {
  const TEXT =
    'name: s\ntables:\n- name: t\n  columns:\n  - {name: " a ", datatype: int}\n  - {name: b, "@id": own, datatype: int}\n  columnGroups: [{name: g, columns: [own]}]\n  constraints: [{name: k, "@type": Unique, columns: [own]}]\n  indexes: [{name: i, columns: [own]}]\n'

  it('are made of the names as they were written, then trimmed; given ones are kept', () => {
    const [table] = schemaOf(load({ 's.yaml': TEXT })).tables
    const { columns, columnGroups, constraints, indexes } = table!
    expect([table, ...columns, ...columnGroups, ...constraints, ...indexes].map((thing) => thing!.id)).toEqual([
      '#t',
      '#t. a',
      'own',
      '#t.g',
      '#k',
      '#i',
    ])
  })

  it('must all be there when they are not to be made', () => {
    expect(places(load({ 's.yaml': TEXT }, { idGeneration: false })).map((place) => place.split(' ')[1])).toEqual([
      '@id',
      'tables.0.@id',
      'tables.0.columns.0.@id',
      'tables.0.columnGroups.0.@id',
      'tables.0.constraints.0.Unique.@id',
      'tables.0.indexes.0.@id',
    ])
  })

  it('are not made for columns inside a column group', () => {
    const text = 'name: s\ntables:\n- {name: t, columnGroups: [{name: g, columns: [{name: a, datatype: int}]}]}\n'
    const column =
      'function-after[check_votable_xtype(), function-after[check_precision(), function-after[check_redundant_datatypes(), function-after[check_units(), function-after[check_value(), function-after[check_description(), Column]]]]]]'
    expect(places(load({ 's.yaml': text }))).toEqual([
      `s.yaml:3:48 tables.0.columnGroups.0.columns.0.${column}.@id missing`,
      's.yaml:3:48 tables.0.columnGroups.0.columns.0.constrained-str string_type',
    ])
  })

  it('shared by two things are reported for each', () => {
    const text =
      'name: s\ntables:\n- name: s\n- name: t\n  columns: [{name: a, "@id": x, datatype: int}, {name: b, "@id": x, datatype: int}]\n'
    const loaded = load({ 's.yaml': text })
    expect(places(loaded)).toEqual(['s.yaml:3:3  ids_repeated', 's.yaml:5:49  ids_repeated'])
    expect(loaded.problems[1]!.message).toContain(
      "'x' is the id of column 'a' of table 't' and of column 'b' of table 't'",
    )
  })
})

describe('values that Felis takes for something else', () => {
  function column(fields: string, context: Partial<FelisContext> = {}): LoadedSchema {
    return load({ 's.yaml': `name: s\ntables:\n- name: t\n  columns:\n  - {name: a, ${fields}}\n` }, context)
  }

  it.each([
    ['datatype: string, length: 3.0', { length: 3, arraysize: '3.0*' }],
    ['datatype: char, length: 3.0', { arraysize: '3.0' }],
    ['datatype: string, length: 1', { arraysize: null }],
    ["datatype: string, length: '7', votable:arraysize: '7*'", { length: 7, arraysize: '7*' }],
    ['datatype: int, votable:arraysize: 3.0', { arraysize: '3' }],
    ['datatype: int, votable_arraysize: true', { arraysize: '1' }],
    ["datatype: int, tap:column_index: ' +1_0.00 '", { columnIndex: 10 }],
    ['datatype: int, tap:column_index: 010', { columnIndex: 8 }],
    ['datatype: int, tap:column_index: 1:30', { columnIndex: 90 }],
    ['datatype: int, tap:principal: yes', { principal: 1 }],
    ['datatype: int, tap:principal: null', { principal: null }],
    ["datatype: int, nullable: 'Off'", { nullable: false }],
    ['datatype: int, nullable: 1.0', { nullable: true }],
    ['datatype: int, tap_std: 1', { std: 1 }],
    ['datatype: timestamp', { arraysize: '*', xtype: 'timestamp' }],
    ['datatype: timestamp, length: 20', { arraysize: null, xtype: 'timestamp' }],
    ['datatype: text, votable:xtype: x', { arraysize: '*', xtype: 'x' }],
    ['datatype: int, description: "\u00a0x\u2003"', { description: 'x' }],
    ['datatype: int, description: "\\ufeffx"', { description: '\ufeffx' }],
  ])('%s', (fields, expected) => {
    const { schema, problems } = column(fields)
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(schema!.tables[0]!.columns[0]).toMatchObject(expected)
  })

  it.each([
    ['datatype: int, tap:column_index: 1.5', 'int_from_float'],
    ['datatype: int, tap:column_index: .nan', 'finite_number'],
    ["datatype: int, tap:column_index: '1e3'", 'int_parsing'],
    ['datatype: int, tap:column_index: []', 'int_type'],
    ['datatype: int, tap:column_index: 2024-01-01', 'int_type'],
    ['datatype: string, length: 0', 'greater_than'],
    ["datatype: string, length: '7'", 'int_type'],
    ['datatype: int, nullable: null', 'bool_type'],
    ['datatype: int, nullable: 2', 'bool_type'],
    ["datatype: int, nullable: ' yes'", 'bool_type'],
    ['datatype: int, votable:utype: 1.0', 'string_type'],
    ['datatype: int, description: "\\ud800"', 'string_unicode'],
    ['datatype: int, 5: x', 'invalid_key'],
    ['datatype: int, precision: 3', 'precision_not_timestamp'],
    ['datatype: timestamp, precision: -1', 'greater_than_equal'],
    ['datatype: int, value: 1, autoincrement: true', 'default_value'],
    ['datatype: float, value: 1', 'default_value'],
    ["datatype: text, value: ''", 'default_value'],
    ['datatype: int, fits:tunit: m, ivoa:unit: m', 'two_units'],
    ['datatype: int, tap:principal: 1, tap_principal: 1', 'extra_forbidden'],
    ['datatype: string, length: 5, votable_arraysize: "5"', 'extra_forbidden'],
  ])('and not: %s', (fields, code) => {
    expect(column(fields).problems.filter(({ severity }) => severity === 'error')).toMatchObject([{ code }])
  })

  it('an automatic arraysize is unbounded when it is asked for, but not for char and not over a given one', () => {
    const arraysize = (fields: string) =>
      schemaOf(column(fields, { unboundedArraysize: true })).tables[0]!.columns[0]!.arraysize
    expect(['string', 'unicode', 'binary'].map((type) => arraysize(`datatype: ${type}, length: 9`))).toEqual([
      '*',
      '*',
      '*',
    ])
    expect(arraysize('datatype: char, length: 9')).toBe('9')
    expect(arraysize("datatype: string, length: 9, votable:arraysize: '9*'")).toBe('9*')
  })
})

describe('a value that none of several types takes', () => {
  it.each([
    ['version: 1.0\ntables: []', ['version.SchemaVersion', 'version.constrained-str']],
    ['version: {current: 5}\ntables: []', ['version.SchemaVersion.current', 'version.constrained-str']],
    [
      'tables: [{name: t, primaryKey: 5}]',
      ['tables.0.primaryKey.constrained-str', 'tables.0.primaryKey.list[constrained-str]'],
    ],
    [
      'tables: [{name: t, primaryKey: [a, 5]}]',
      ['tables.0.primaryKey.constrained-str', 'tables.0.primaryKey.list[constrained-str].1'],
    ],
    [
      'tables: [{name: t, columns: [{name: a, datatype: int, votable:arraysize: 1.5}]}]',
      ['tables.0.columns.0.votable:arraysize.constrained-str', 'tables.0.columns.0.votable:arraysize.int'],
    ],
    [
      'tables: [{name: t, columns: [{name: a, datatype: int, value: 2024-01-01}]}]',
      ['bool', 'constrained-str', 'float', 'int'].map((type) => `tables.0.columns.0.value.${type}`),
    ],
  ])('is reported for each of them, as Felis does: %s', (text, paths) => {
    const problems = errorsOf(load({ 's.yaml': `name: s\n${text}\n` }))
    expect(problems.map(({ path }) => path).sort()).toEqual(paths)
    expect(new Set(problems.map(({ line }) => line))).toEqual(new Set([2]))
  })
})

describe('what Felis would not report, because it has stopped before', () => {
  function beyond(files: Readonly<Record<string, string>>, context: Partial<FelisContext> = {}): [string, boolean][] {
    return load(files, context).problems.map(({ code, notReportedByFelis }) => [code, notReportedByFelis === true])
  }
  const column = (fields: string) => ({ 's.yaml': `name: s\ntables: [{name: t, columns: [{name: a, ${fields}}]}]\n` })

  it.each([
    [
      'a second broken rule of an object',
      column('datatype: int, precision: 3, fits:tunit: m, ivoa:unit: m'),
      ['two_units', 'precision_not_timestamp'],
    ],
    ['fields beside a missing length', column('datatype: string, tap:std: 5'), ['length_missing', 'less_than_equal']],
    [
      'rules about the schema beside an error in a column',
      { 's.yaml': 'name: s\ntables: [{name: t, tap:table_index: x}, {name: s}]\n' },
      ['int_parsing', 'ids_repeated'],
    ],
    [
      'a second dangling reference',
      { 's.yaml': 'name: s\ntables: [{name: t, columnRefs: {x: {}, y: {}}}]\n' },
      ['reference_not_found', 'reference_not_found'],
    ],
    [
      'a second resource',
      { 's.yaml': 'name: s\nresources: {x: {uri: x}, y: {uri: y}}\ntables: []\n' },
      ['resource_not_found', 'resource_not_found'],
    ],
    [
      'names in a list with an error',
      {
        's.yaml':
          'name: s\ntables: [{name: t, columns: [{name: a, datatype: nt}, {name: b, datatype: int}, {name: b, datatype: int}]}]\n',
      },
      ['literal_error', 'names_not_unique'],
    ],
  ])('is marked: %s', (_, files, codes) => {
    const found = beyond(files)
    expect(found.map(([code]) => code).sort()).toEqual(codes.toSorted())
    expect(found.filter(([, isBeyond]) => !isBeyond).map(([code]) => code)).toEqual([codes[0]])
  })

  it('does not include the columns of constraints, which Felis reports all at once', () => {
    const constraints = ['k', 'l'].map((name) => `{name: ${name}, "@type": Unique, columns: [x]}`).join(', ')
    const found = beyond({ 's.yaml': `name: s\ntables: [{name: t, constraints: [${constraints}]}]\n` })
    expect(found).toEqual(
      Array.from({ length: 4 }, (_, index) => [index % 2 === 0 ? 'column_not_found' : 'column_not_in_table', false]),
    )
  })
})

describe('constraints, indexes and groups', () => {
  function table(rest: string): LoadedSchema {
    return load({
      's.yaml': `name: s\ntables:\n- name: t\n  columns: [{name: a, datatype: int}, {name: b, datatype: int}]\n  ${rest}\n- name: u\n  columns: [{name: a, datatype: int}]\n`,
    })
  }

  it.each([
    ['constraints: [{name: k, type: Check, expression: a > 1, deferrable: true, initially: DEFERRED}]'],
    ['constraints: [{name: k, "@type": ForeignKey, columns: ["#t.a", "#t.b"], referencedColumns: ["#u.a", "#t.b"]}]'],
    [
      'constraints: [{name: k, "@type": ForeignKey, columns: ["#t.a"], referencedColumns: ["#u.a"], on_delete: SET NULL}]',
    ],
    ['indexes: [{name: i, columns: ["#nowhere"]}]'],
    ['indexes: [{name: i, expressions: ["lower(a)"]}]'],
    ['primaryKey: "#nowhere"'],
    ['columnGroups: [{name: g, columns: ["#t.a", {name: b, "@id": x, datatype: int}]}]'],
  ])('%s is accepted', (rest) => {
    expect(schemaOf(table(rest)).tables).toHaveLength(2)
  })

  it.each([
    ['constraints: [{name: k, "@type": Foreignkey}]', 'tables.0.constraints.0 union_tag_invalid'],
    ['constraints: [{name: k, columns: []}]', 'tables.0.constraints.0 union_tag_not_found'],
    ['constraints: [x]', 'tables.0.constraints.0 model_attributes_type'],
    ['constraints: null', 'tables.0.constraints list_type'],
    ['constraints: [{name: k, "@type": Check}]', 'tables.0.constraints.0.Check.expression missing'],
    [
      'constraints: [{name: k, "@type": Unique, columns: ["#t.a"], initially: DEFERRED}]',
      'tables.0.constraints.0.Unique initially_not_deferrable',
    ],
    [
      'constraints: [{name: k, "@type": ForeignKey, columns: ["#t.a"], referencedColumns: ["#u.a"], on_delete: cascade}]',
      'tables.0.constraints.0.ForeignKey.on_delete literal_error',
    ],
    [
      'constraints: [{name: k, "@type": ForeignKey, columns: ["#t.a"], referencedColumns: ["#u.a", "#t.a"]}]',
      'tables.0.constraints.0.ForeignKey key_lengths_differ',
    ],
    [
      'constraints: [{name: k, "@type": ForeignKey, columns: ["#t.a"], referencedColumns: ["#u"]}]',
      'tables.0.constraints.0.referenced_columns.#u not_a_column',
    ],
    [
      'constraints: [{name: k, "@type": Unique, columns: ["#u.a"]}]',
      'tables.0.constraints.0.columns.#u.a column_not_in_table',
    ],
    [
      'constraints: [{name: k, "@type": Unique, columns: []}, {name: k, "@type": Unique, columns: []}]',
      ' constraint_names_repeated',
    ],
    ['indexes: [{name: i, columns: []}, {name: i, columns: []}]', ' index_names_repeated'],
    ['indexes: [{name: i, columns: [], expressions: []}]', 'tables.0.indexes.0 index_definition'],
    ['columnGroups: [{name: g, columns: ["#t.c"]}]', 'tables.0 group_column_unknown'],
    ['columnGroups: [{name: g, columns: ["#t.a", "#t.a"]}]', 'tables.0.columnGroups.0 group_columns_not_unique'],
  ])('%s is refused', (rest, place) => {
    expect(places(table(rest)).map((line) => line.replace(/^\S+ /, ''))).toEqual([place])
  })
})

describe('columns taken over from a resource', () => {
  const REFERRING = `name: s
resources: {base: {uri: base.yaml}}
tables:
- name: t
  columns: [{name: own, datatype: int}]
  columnRefs:
    base:
      object:
        label: {overrides: {datatype: char, length: 5, description: null}}
        key: {ref_name: id, note: ignored}
        seen:
`

  it('come after the own ones, renamed and overridden, with everything else of their source', () => {
    const { columns } = schemaOf(load({ 's.yaml': REFERRING, 'base.yaml': BASE })).tables[0]!
    expect(columns).toMatchObject([
      { name: 'own', id: '#t.own' },
      { name: 'label', id: '#t.label', datatype: 'char', length: 5, arraysize: '64*', description: null },
      { name: 'key', id: '#t.key', principal: 1, columnIndex: 7, description: 'identifier' },
      { name: 'seen', id: '#t.seen', xtype: 'timestamp', columnIndex: null },
    ])
  })

  it('are numbered in steps, which an index of their own does not use up', () => {
    const text = REFERRING.replace('ref_name: id', 'ref_name: id, overrides: {tap:column_index: 3}')
    const { columns } = schemaOf(load({ 's.yaml': text, 'base.yaml': BASE }, { columnRefIndexIncrement: 10 }))
      .tables[0]!
    expect(columns.map(({ columnIndex }) => columnIndex)).toEqual([null, 10, 3, 20])
  })

  it('may be columns of constraints', () => {
    const text = `${REFERRING}  constraints: [{name: k, "@type": Unique, columns: ["#t.key"]}]\n`
    expect(schemaOf(load({ 's.yaml': text, 'base.yaml': BASE })).tables[0]!.constraints).toHaveLength(1)
  })

  it.each([
    [
      'base:\n      object',
      'bse:\n      object',
      "7:5  reference_not_found Schema resource 'bse' was not found in resources",
      'base',
    ],
    ['object:', 'objects:', "8:7  reference_not_found Table 'objects' not found in resource 'base'", 'object'],
    [
      'seen:',
      'sen:',
      "11:9  reference_not_found Column 'sen' not found in table 'object' from resource 'base' and no ref_name provided",
      'seen',
    ],
    [
      'ref_name: id',
      'ref_name: idd',
      "10:9  reference_not_found Column 'idd' not found in table 'object' from resource 'base'",
      'id',
    ],
  ])('that are not there are reported: %s → %s', (found, replaced, expected, suggestion) => {
    const problems = errorsOf(load({ 's.yaml': REFERRING.replace(found, replaced), 'base.yaml': BASE }))
    expect(
      problems.map(({ line, column, path, code, message }) => `${line}:${column} ${path} ${code} ${message}`),
    ).toEqual([expected])
    expect(problems[0]!.suggestion).toBe(suggestion)
  })

  it.each([
    ['overrides: {datatype: null}', 'override_null'],
    ['overrides: {length: null}', 'override_null'],
    ['overrides: {nullable: null}', 'override_null'],
    ['overrides: {tap_principal: null}', 'override_null'],
    ['overrides: {ivoa:ucd: x}', 'extra_forbidden'],
    ['overrides: {datatype: strin}', 'literal_error'],
    ['overrides: []', 'model_type'],
  ])('cannot have %s', (overrides, code) => {
    const problems = errorsOf(
      load({ 's.yaml': REFERRING.replace('ref_name: id', `ref_name: id, ${overrides}`), 'base.yaml': BASE }),
    )
    expect(problems).toMatchObject([{ code, line: 10 }])
  })
})

describe('resources', () => {
  const naming = (uri: string, name = 's') => `name: ${name}\nresources: {r: {uri: '${uri}'}}\ntables: []\n`

  it.each([
    ['base.yaml', 's.yaml', 'base.yaml'],
    ['./base.yaml', 's.yaml', 'base.yaml'],
    ['sub/base.yaml', 's.yaml', 'sub/base.yaml'],
    ['base.yaml', 'sub/s.yaml', 'sub/base.yaml'],
    ['../base.yaml', 'sub/s.yaml', 'base.yaml'],
    ['resource://lsst.sdm.schemas/base.yaml', 'sub/s.yaml', 'base.yaml'],
  ])('%s in %s is the file %s of the release', (uri, from, file) => {
    const loaded = load({ [from]: naming(uri), [file]: BASE }, {}, from)
    expect(loaded.problems).toEqual([])
  })

  it.each([
    ['https://example.org/base.yaml', 'resource_outside_release'],
    ['file:///base.yaml', 'resource_outside_release'],
    ['gs://bucket/base.yaml', 'resource_outside_release'],
    ['resource://other.package/base.yaml', 'resource_outside_release'],
    ['resource://lsst.sdm.schemas/../base.yaml', 'resource_outside_release'],
    ['/base.yaml', 'resource_outside_release'],
    ['../base.yaml', 'resource_outside_release'],
    ['sub/../../base.yaml', 'resource_outside_release'],
    ['bases.yaml', 'resource_not_found'],
    ['', 'resource_not_found'],
  ])('%s is refused: a release is self-contained', (uri, code) => {
    const loaded = load({ 's.yaml': naming(uri), 'base.yaml': BASE })
    expect(loaded.schema).toBeNull()
    expect(loaded.problems).toMatchObject([{ code, file: 's.yaml', line: 2, column: 16, path: '' }])
  })

  it('that lead back to themselves are reported with the whole circle', () => {
    const files = { 'a.yaml': naming('b.yaml'), 'b.yaml': naming('c.yaml'), 'c.yaml': naming('b.yaml') }
    const loaded = load(files, {}, 'a.yaml')
    expect(loaded.schema).toBeNull()
    expect(loaded.problems.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'a.yaml resource_invalid',
      'b.yaml resource_invalid',
      'c.yaml resource_cycle',
    ])
    expect(loaded.problems[2]!.message).toContain('b.yaml → c.yaml → b.yaml')
  })

  it('with problems report them in their own file, and the chain in the file that names them', () => {
    const files = { 's.yaml': naming('mid.yaml'), 'mid.yaml': naming('bad.yaml'), 'bad.yaml': 'name: bad\ntables: 5\n' }
    const loaded = load(files)
    expect(places(loaded)).toEqual([
      's.yaml:2:16  resource_invalid',
      'mid.yaml:2:16  resource_invalid',
      'bad.yaml:2:9 tables list_type',
    ])
    expect(loaded.problems[1]!.message).toContain('s.yaml → mid.yaml → bad.yaml')
  })

  it('are read once, however many files use them, and report their problems once', () => {
    const reads: string[] = []
    const files = new Map([
      ['a.yaml', naming('bad.yaml', 'a')],
      ['b.yaml', naming('bad.yaml', 'b')],
      ['bad.yaml', 'name: bad\n'],
    ])
    const get = files.get.bind(files)
    files.get = (name) => {
      reads.push(name)
      return get(name)
    }
    const loader = new FelisLoader(files, DEFAULT_CONTEXT)
    const problems = ['a.yaml', 'b.yaml', 'bad.yaml'].flatMap((name) => loader.load(name).problems)
    expect(reads).toEqual(['a.yaml', 'bad.yaml', 'b.yaml'])
    expect(new Set(problems).size).toBe(3)
  })

  it('are checked although no column of theirs is used', () => {
    expect(load({ 's.yaml': naming('base.yaml'), 'base.yaml': 'name: base' }).schema).toBeNull()
  })
})

describe('the optional checks', () => {
  const TEXT =
    'name: s\ndescription: d\ntables:\n- {name: t, description: d, columns: [{name: a, datatype: int, description: d}]}\n'

  it.each([
    [
      'description',
      TEXT.replace('datatype: int, description: d', 'datatype: int'),
      'tables.0.columns.0 description_missing',
    ],
    ['tap-table-indexes', TEXT, 'tables.0 table_index_missing'],
    ['tap-principal', TEXT, 'tables.0 principal_missing'],
  ] as const)('%s is only made when it is asked for', (check, text, expected) => {
    expect(load({ 's.yaml': text }).problems).toEqual([])
    const { problems } = load({ 's.yaml': text }, { checks: new Set([check]) })
    expect(problems.map(({ path, code }) => `${path} ${code}`)).toEqual([expected])
  })
})

describe('what Felis accepts without a warning', () => {
  function warnings(files: Readonly<Record<string, string>>, context: Partial<FelisContext> = {}): string[] {
    const { schema, problems } = load(files, context)
    expect(schema).not.toBeNull()
    expect(problems.every(({ severity }) => severity === 'warning')).toBe(true)
    return problems.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`)
  }

  it('is reported as a warning, with its consequence', () => {
    const text = `name: s
tables:
- name: t
  primaryKey: ["#t.aa", "#t.b"]
  columns:
  - {name: a, datatype: byte, votable:datatype: short, tap:column_index: 5}
  - {name: b, datatype: int, tap:principal: null, tap:column_index: 5}
  - {name: c, datatype: int, tap:std: null, tap:column_index: 5}
  indexes:
  - {name: i, columns: ["#t.a", "#t.x"]}
`
    expect(warnings({ 's.yaml': text })).toEqual([
      "4:16 primary_key_dangling the schema has no column '#t.aa'",
      '6:49 votable_datatype_ignored votable:datatype is ignored: TAP_SCHEMA will have unsignedByte, for byte',
      "7:69 column_index_repeated columns 'a', 'b', 'c' all have the column_index 5: their order is undefined",
      "10:33 index_dangling the schema has no column '#t.x'",
    ])
  })

  it('is not reported of what is only broken', () => {
    const text = 'name: s\ntables:\n- {name: t, primaryKey: "#t.a", columns: [{name: a, datatype: nt}]}\n'
    expect(load({ 's.yaml': text }).problems.map(({ code }) => code)).toEqual(['literal_error'])
  })

  const REFERRING = (overrides: string) => ({
    's.yaml': `name: s\nresources: {base: {uri: base.yaml}}\ntables:\n- name: t\n  columnRefs: {base: {object: {label: {overrides: {${overrides}}}}}}\n`,
    'base.yaml': BASE,
  })

  it('includes an arraysize that an override leaves behind', () => {
    expect(warnings(REFERRING('datatype: char, length: 5'))).toEqual([
      '5:32 arraysize_stale the arraysize is still that of the source column (64*), although char of length 5 would have 5',
    ])
    expect(warnings(REFERRING('length: 5'), { unboundedArraysize: true })).toEqual([])
    expect(warnings(REFERRING('description: x'))).toEqual([])
  })

  it('includes indexes that collide because each resource is numbered by itself', () => {
    const files = {
      's.yaml':
        'name: s\nresources: {a: {uri: base.yaml}, b: {uri: base.yaml}}\ntables:\n- name: t\n  columnRefs: {a: {object: {id: }}, b: {object: {seen: }}}\n',
      'base.yaml': BASE,
    }
    const [warning, ...more] = warnings(files, { columnRefIndexIncrement: 10 })
    expect(warning).toMatch(/^5:50 column_index_repeated columns 'id', 'seen'/)
    expect(more).toEqual([])
  })
})
