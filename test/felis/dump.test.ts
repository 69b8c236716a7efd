import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_CONTEXT, type FelisContext } from '../../shared/felis/context.ts'
import { type DumpOptions, dumpSchema } from '../../shared/felis/dump/dump-schema.ts'
import { writeJson } from '../../shared/felis/dump/write-json.ts'
import { writeYaml } from '../../shared/felis/dump/write-yaml.ts'
import { FelisLoader, type LoadedSchema } from '../../shared/felis/load.ts'
import type { Schema } from '../../shared/felis/model.ts'
import { readYaml } from '../../shared/yaml/read.ts'
import { YamlFloat, type YamlMap } from '../../shared/yaml/values.ts'
import { runs, someOf } from '../support/effort.ts'
import { HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'

const AS_IT_IS: DumpOptions = { dereference: false, stripIds: false, sortColumns: false }

function load(files: ReadonlyMap<string, string>, name: string, context: FelisContext = DEFAULT_CONTEXT): Schema {
  return schemaOf(new FelisLoader(files, context).load(name))
}

function schemaOf({ schema, problems }: LoadedSchema): Schema {
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return schema!
}

/** Without the places in the file, which are others after a dump. */
function facts(schema: Schema, leftOut: readonly string[] = []): unknown {
  const omit = (value: unknown): unknown => {
    if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, omit(item)]))
    if (Array.isArray(value)) return value.map(omit)
    if (value === null || typeof value !== 'object' || value instanceof YamlFloat) return value
    const entries = Object.entries(value).filter(([key]) => key !== 'origin' && !leftOut.includes(key))
    return Object.fromEntries(entries.map(([key, item]) => [key, omit(item)]))
  }
  return omit(schema)
}

const WRITERS = { yaml: writeYaml, json: writeJson } as const

/** What two schemas say is the same; compared quickly, and in full only if it is not. */
function expectSame(found: Schema, wanted: Schema, leftOut: readonly string[] = []): void {
  const [left, right] = [facts(found, leftOut), facts(wanted, leftOut)]
  if (!isDeepStrictEqual(left, right)) expect(left).toEqual(right)
}

describe.skipIf(!HAS_DATA)(`dump and load of every release file${NEEDS_DATA}`, () => {
  let files = new Map<string, string>()
  let loader = new FelisLoader(files, DEFAULT_CONTEXT)
  let names: readonly string[] = []
  beforeAll(async () => {
    files = new Map(await readReleaseFiles('w.2026.34'))
    loader = new FelisLoader(files, DEFAULT_CONTEXT)
    names = [...files.keys()]
  })

  const reload = (text: string, name: string): Schema => {
    files.set(name, text)
    return schemaOf(loader.load(name))
  }

  test('gives the same schema', () => {
    expect(names.length).toBeGreaterThan(20)
    for (const name of someOf(names, 3)) {
      const schema = schemaOf(loader.load(name))
      expectSame(reload(writeYaml(dumpSchema(schema, AS_IT_IS)), `again.${name}`), schema)
    }
  })

  test('as JSON gives the same schema', () => {
    const schema = schemaOf(loader.load('dp2.yaml'))
    expectSame(reload(writeJson(dumpSchema(schema, AS_IT_IS)), 'dp2.json'), schema)
  })

  test('without resources gives the same columns', () => {
    const users = names.filter((name) => schemaOf(loader.load(name)).resources.size > 0)
    expect(users.length).toBeGreaterThan(3)
    for (const name of someOf(users, 3)) {
      const schema = schemaOf(loader.load(name))
      const text = writeYaml(dumpSchema(schema, { ...AS_IT_IS, dereference: true }))
      expectSame(load(new Map([[name, text]]), name), schema, ['columnRefs', 'resources'])
    }
  })

  test('without ids gives the same schema but for them', () => {
    for (const name of someOf(names, 3)) {
      const schema = schemaOf(loader.load(name))
      const text = writeYaml(dumpSchema(schema, { ...AS_IT_IS, stripIds: true }))
      expect(text).not.toContain("'@id'")
      expectSame(reload(text, `stripped.${name}`), schema, ['id', 'primaryKey', 'columns', 'referencedColumns'])
    }
  })
})

const EVERYTHING = `
name: all
"@id": "#other"
description: "two\\nlines: with ' quotes \\u2028 and \\U0001F52D"
version: {current: "1.0", compatible: ["0.9"], read_compatible: []}
resources: {base: {uri: base.yaml}}
tables:
- name: t
  "@id": "#tee"
  primaryKey: ["#tee.a", "#x"]
  tap:table_index: 3
  mysql:engine: null
  mysql:charset: utf8
  columnRefs: {base: {b: {c: null, d: {ref_name: c, overrides: {description: null, tap:column_index: 7}}}}}
  columns:
  - {name: a, "@id": "#tee.a", datatype: int, value: 18446744073709551616, tap:column_index: 9}
  - {name: "on", "@id": "#x", datatype: double, value: 1.0, tap:principal: null, tap:column_index: 2}
  - {name: "-", datatype: double, value: .inf, nullable: no}
  - {name: "12", datatype: string, length: 5, value: "yes", votable:arraysize: ""}
  - {name: when, datatype: timestamp, precision: 0}
  columnGroups:
  - name: g
    columns: ["#tee.a", {name: inline, "@id": "#inline", datatype: char, length: 3}]
  constraints:
  - {name: k, "@type": ForeignKey, columns: ["#tee.a"], referencedColumns: ["#x"], on_delete: SET NULL, deferrable: true, initially: DEFERRED}
  - {name: u, "@type": Unique, columns: ["#tee.a", "#x"]}
  - {name: c, type: Check, expression: "a > 0 # not a comment"}
  indexes:
  - {name: i, columns: ["#x"]}
  - {name: j, expressions: ["lower(b): x"]}
  - {name: l, columns: null}
  - {name: m, expressions: []}
`
const BASE = 'name: base\ntables:\n- {name: b, columns: [{name: c, datatype: int}]}\n'
const FILES = new Map([
  ['all.yaml', EVERYTHING],
  ['base.yaml', BASE],
])

describe('a dump', () => {
  test.each(Object.entries(WRITERS))('as %s holds everything that the language knows', (_, write) => {
    const schema = load(FILES, 'all.yaml')
    const text = write(dumpSchema(schema, AS_IT_IS))
    expect(facts(load(new Map([...FILES, ['again.yaml', text]]), 'again.yaml'))).toEqual(facts(schema))
  })

  test('leaves defaults out and writes down what was worked out', () => {
    const text = 'name: s\ntables:\n- name: t\n  columns:\n  - {name: a, datatype: string, length: 8, nullable: true}\n'
    expect(writeYaml(dumpSchema(load(new Map([['s.yaml', text]]), 's.yaml'), AS_IT_IS))).toBe(
      [
        'name: s',
        "'@id': '#s'",
        'tables:',
        '- name: t',
        "  '@id': '#t'",
        '  columns:',
        '  - name: a',
        "    '@id': '#t.a'",
        '    datatype: string',
        '    length: 8',
        "    votable:arraysize: '8*'",
        '',
      ].join('\n'),
    )
  })

  test('without ids is a schema whose references follow the new ids', () => {
    const text = writeYaml(dumpSchema(load(FILES, 'all.yaml'), { ...AS_IT_IS, stripIds: true }))
    const schema = load(new Map([...FILES, ['stripped.yaml', text]]), 'stripped.yaml')
    const [table] = schema.tables
    expect([schema.id, table?.id]).toEqual(['#all', '#t'])
    expect(table?.primaryKey).toEqual(['#t.a', '#t.on'])
    expect(table?.columns.map(({ id }) => id)).toEqual(['#t.a', '#t.on', '#t.-', '#t.12', '#t.when', '#t.c', '#t.d'])
    expect(table?.constraints[0]).toMatchObject({ id: '#k', columns: ['#t.a'], referencedColumns: ['#t.on'] })
    expect(table?.indexes[0]?.columns).toEqual(['#t.on'])
    expect(table?.columnGroups[0]?.columns).toMatchObject(['#t.a', { id: '#inline' }])
  })

  test('keeps ids that names cannot give', () => {
    const text = 'name: t\ntables:\n- {name: t, "@id": "#table", columns: [{name: a, datatype: int}]}\n'
    const dumped = writeYaml(dumpSchema(load(new Map([['s.yaml', text]]), 's.yaml'), { ...AS_IT_IS, stripIds: true }))
    const schema = load(new Map([['s.yaml', dumped]]), 's.yaml')
    expect([schema.id, schema.tables[0]?.id]).toEqual(['#t', '#table'])
  })

  test('keeps all ids where something that refers to nothing would begin to refer to a column', () => {
    const text =
      'name: s\ntables:\n- {name: t, primaryKey: "#t.a", columns: [{name: a, "@id": "#t.b", datatype: int}]}\n'
    const files = new Map([['s.yaml', text]])
    files.set('dumped.yaml', writeYaml(dumpSchema(load(files, 's.yaml'), { ...AS_IT_IS, stripIds: true })))
    expect(facts(load(files, 'dumped.yaml'))).toEqual(facts(load(files, 's.yaml')))
  })

  test('sorts columns by their index, the ones without at the end as they were', () => {
    const map = dumpSchema(load(FILES, 'all.yaml'), { dereference: true, stripIds: true, sortColumns: true })
    const [table] = map.get('tables') as YamlMap[]
    const columns = table?.get('columns') as YamlMap[]
    expect(columns.map((column) => column.get('name'))).toEqual(['on', 'd', 'a', '-', '12', 'when', 'c'])
    expect(map.has('resources')).toBe(false)
    expect(table?.has('columnRefs')).toBe(false)
  })
})

const scalar = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  fc.constantFrom(
    'yes',
    'Off',
    'null',
    '~',
    '1',
    '1:30',
    '2024-01-01',
    '-',
    '- a',
    'a: b',
    'a #b',
    ' a',
    'a ',
    '',
    '<<',
    '=',
    '.inf',
    '0x1',
    '\ufeff',
    '\u0085',
    'a\n',
    '? a',
    '---',
  ),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt().map((integer) => (Number.isSafeInteger(Number(integer)) ? Number(integer) : integer)),
  fc.double({ noNaN: true }).map((number) => new YamlFloat(number)),
)
const key = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('on', '1', '<<', '? x', 'k'.repeat(2000)))
const { document } = fc.letrec<{ document: ReadonlyMap<string, never>; value: never }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('document'),
  ) as fc.Arbitrary<never>,
  document: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 4 })
    .map((entries) => new Map(entries.filter(([name]) => name !== '<<'))),
}))

test('what is written as YAML is read as it was', () => {
  fc.assert(
    fc.property(document, (written) => {
      expect(readYaml(writeYaml(written))).toMatchObject({ value: written })
    }),
    { numRuns: runs(120) },
  )
})
