import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { readSchema } from '../../shared/felis/fields/schema.ts'
import { makeJsonSchema } from '../../shared/felis/json-schema.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import { type ObjectShape, shapeOf } from '../../shared/felis/shape.ts'
import { fieldOf } from '../../shared/tap-schema/schema-rows.ts'
import { readYaml } from '../../shared/yaml/read.ts'
import { YamlFloat, type YamlValue } from '../../shared/yaml/values.ts'
import { someOf } from '../support/effort.ts'
import { HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'
import { describeLanguage } from './describe-language.ts'

let check: ValidateFunction
beforeAll(() => {
  // Conditions name only what they are about.
  check = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false }).compile(
    makeJsonSchema(),
  )
})

/** As JSON would hold it. */
function plain(value: YamlValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]))
  if (Array.isArray(value)) return value.map(plain)
  return value instanceof YamlFloat ? value.value : value
}

function complaints(text: string): string[] {
  const read = readYaml(text)
  if ('problem' in read) throw new Error(read.problem.message)
  check(plain(read.value))
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

function isAccepted(text: string): boolean {
  return new FelisLoader(new Map([['s.yaml', text]]), DEFAULT_CONTEXT).load('s.yaml').schema !== null
}

describe.skipIf(!HAS_DATA)(`the files of every release follow the JSON Schema${NEEDS_DATA}`, () => {
  test.each(someOf(['w.2026.34', 'w.2026.24', 'EDP2-deploy-v3b'], 3))('%s', async (version) => {
    const files = await readReleaseFiles(version)
    expect(files.size).toBeGreaterThan(20)
    for (const [name, text] of files) expect([name, complaints(text)]).toEqual([name, []])
  })
})

const column = (content: string) => `name: s\ntables:\n- {name: t, columns: [{name: c, ${content}}]}\n`
const constraint = (content: string) =>
  `name: s\ntables:\n- {name: t, columns: [{name: c, datatype: int}], constraints: [{name: k, ${content}}]}\n`

describe('what Felis takes', () => {
  test.each([
    ['every datatype that needs no length', column('datatype: text, "votable:arraysize": "*", value: x')],
    [
      'a unit, a UCD, flags',
      column('datatype: double, ivoa:unit: deg, ivoa:ucd: pos.eq.ra, tap:principal: 1, value: 1.5'),
    ],
    ['names of fields as Felis has them', column('datatype: int, tap_column_index: 4, tap_std: null')],
    ['an integer as arraysize', column('datatype: char, length: 3, votable:arraysize: 3')],
    [
      'a foreign key',
      constraint('"@type": ForeignKey, columns: ["#t.c"], referencedColumns: ["#t.c"], on_delete: CASCADE'),
    ],
    ['a constraint with a plain type', constraint('type: Check, expression: "c > 0"')],
    ['a deferred constraint', constraint('"@type": Unique, columns: ["#t.c"], deferrable: true, initially: DEFERRED')],
    ['a schema without tables', 'name: s\nversion: {current: "1", anything: 3}\ntables: []\n'],
    [
      'columns in a group',
      'name: s\ntables: [{name: t, columns: [{name: c, datatype: int}], columnGroups: [{name: g, columns: ["#t.c"]}]}]',
    ],
  ])('%s', (_, text) => {
    expect(isAccepted(text)).toBe(true)
    expect(complaints(text)).toEqual([])
  })
})

describe('what Felis refuses', () => {
  test.each([
    ['a datatype that there is not', column('datatype: dubble')],
    ['no datatype', column('nullable: true')],
    ['an unknown key', column('datatype: int, ucd: meta.id')],
    ['a length that is missing', column('datatype: string')],
    ['a length that is null', column('datatype: string, length: null')],
    ['a length of nothing', column('datatype: char, length: 0')],
    ['a principal beyond 1', column('datatype: int, tap:principal: 2')],
    ['two units', column('datatype: int, ivoa:unit: m, fits:tunit: m')],
    ['precision on an int', column('datatype: int, precision: 3')],
    ['a default value of another kind', column('datatype: int, value: many')],
    ['an empty default value', column('datatype: text, value: ""')],
    ['a default value beside autoincrement', column('datatype: int, value: 1, autoincrement: true')],
    ['a number as text', 'name: s\nversion: 1.5\ntables: []\n'],
    ['no tables', 'name: s\n'],
    ['no name', 'tables: []\n'],
    ['tables that are no list', 'name: s\ntables: {}\n'],
    ['an unknown constraint', constraint('"@type": Primary, columns: ["#t.c"]')],
    ['a constraint without type', constraint('columns: ["#t.c"]')],
    ['a foreign key to nowhere', constraint('"@type": ForeignKey, columns: ["#t.c"]')],
    [
      'an action in lower case',
      constraint('"@type": ForeignKey, columns: ["#t.c"], referencedColumns: ["#t.c"], on_delete: cascade'),
    ],
    ['initially without deferrable', constraint('"@type": Unique, columns: ["#t.c"], initially: DEFERRED')],
    ['a key of another constraint', constraint('"@type": Unique, columns: ["#t.c"], expression: x')],
    [
      'an index of both kinds',
      'name: s\ntables: [{name: t, indexes: [{name: i, columns: ["#t.c"], expressions: [x]}]}]\n',
    ],
    ['an index of nothing', 'name: s\ntables: [{name: t, indexes: [{name: i}]}]\n'],
    ['an empty group', 'name: s\ntables: [{name: t, columnGroups: [{name: g, columns: []}]}]\n'],
    [
      'an override that there is not',
      'name: s\nresources: {}\ntables: [{name: t, columnRefs: {b: {u: {c: {overrides: {unit: m}}}}}}]\n',
    ],
  ])('%s', (_, text) => {
    expect(isAccepted(text)).toBe(false)
    expect(complaints(text)).not.toEqual([])
  })
})

test('what the schema of Felis knows, the JSON Schema describes', () => {
  const nouns = JSON.stringify(Object.keys(makeJsonSchema().$defs as object))
  for (const noun of ['schema', 'table', 'column', 'column-group', 'index', 'foreignkey-constraint', 'overrides']) {
    expect(nouns).toContain(`"${noun}"`)
  }
})

test('the columns of TAP_SCHEMA that fields fill are those from which they are filled', () => {
  const seen = new Set<string>()
  const visit = (shape: ObjectShape): void => {
    for (const { tap, alias, name, read } of Object.values(shape.fields)) {
      const inner = shapeOf(read)
      if (inner.kind === 'list' && inner.of.kind === 'object') visit(inner.of)
      if (tap === undefined || tap === 'unit' || tap === 'datatype') continue
      seen.add(tap)
      expect(fieldOf(tap, { table: 'columns', cells: {}, from: {} as never })).toBe(alias ?? name)
    }
  }
  visit(shapeOf(readSchema) as ObjectShape)
  expect(seen.size).toBeGreaterThan(8)
})

test('docs/felis.md is what the tables say', async () => {
  await expect(describeLanguage()).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/felis.md'))
})
