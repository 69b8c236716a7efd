import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONTEXT, type FelisContext } from '../../shared/felis/context.ts'
import { FelisLoader, type LoadedSchema } from '../../shared/felis/load.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import { DEPLOYED, PLAIN } from '../../shared/tap-schema/options.ts'
import { runs } from '../support/effort.ts'

const ALL_CHECKS: FelisContext = {
  ...DEFAULT_CONTEXT,
  checks: new Set(['description', 'redundant-datatypes', 'tap-table-indexes', 'tap-principal']),
}

function load(files: Readonly<Record<string, string>>, context = DEFAULT_CONTEXT): LoadedSchema {
  return new FelisLoader(new Map(Object.entries(files)), context).load('s.yaml')
}

/** A verdict is a schema, or an error that says why not; every position is in the file. */
function expectVerdict(loaded: LoadedSchema, files: Readonly<Record<string, string>>): void {
  const errors = loaded.problems.filter(({ severity }) => severity === 'error')
  expect(loaded.schema === null).toBe(errors.length > 0)
  for (const { file, line, column, code, message } of loaded.problems) {
    expect(code).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(message).not.toBe('')
    if (files[file] === undefined) continue
    expect(line).toBeGreaterThan(0)
    expect(line).toBeLessThanOrEqual(files[file].split(/\r\n?|\n/).length)
    expect(column).toBeGreaterThan(0)
  }
  for (const options of [PLAIN, DEPLOYED]) {
    for (const problem of buildRows([loaded], options).problems) expect(problem.line).toBeGreaterThan(0)
  }
}

const WORDS = [
  'name',
  'tables',
  'columns',
  'datatype',
  'int',
  'string',
  'length',
  '"@id"',
  '"@type"',
  'ForeignKey',
  'constraints',
  'indexes',
  'columnRefs',
  'resources',
  'uri',
  's.yaml',
  'base.yaml',
  'overrides',
  'columnGroups',
  'tap:principal',
  'votable:arraysize',
  '1',
  '1.0',
  '~',
  'yes',
  'x',
  '#t.a',
  '<<',
  '*a',
  '&a ',
  ': ',
  ', ',
  '[',
  ']',
  '{',
  '}',
  '- ',
  '\n',
  '\n  ',
  '\n    ',
  '\n- ',
  '\n  - ',
  "'",
  '"',
  '\\',
  '|',
  '>',
  '#',
  '!!',
  '---',
  '\t',
  '=',
  '9999999999999999999999',
]

/** Data of the right and of the wrong kind where Felis expects something, as JSON (which is YAML). */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, 0, 1, -1, 2 ** 40, 1.5, '', 'a', '#t.a', 'int', 'string'),
    tie('list'),
    tie('map'),
  ),
  list: fc.array(tie('any'), { maxLength: 4 }),
  map: fc.dictionary(
    fc.constantFrom(
      'name',
      '@id',
      '@type',
      'type',
      'datatype',
      'length',
      'columns',
      'tables',
      'constraints',
      'indexes',
      'columnGroups',
      'columnRefs',
      'resources',
      'uri',
      'referencedColumns',
      'overrides',
      'value',
      'version',
      'current',
      'primaryKey',
      'a',
    ),
    tie('any'),
    { maxKeys: 6 },
  ),
}))

describe('any text gets a verdict', () => {
  it('whatever its characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => expectVerdict(load({ 's.yaml': text }), { 's.yaml': text })),
      { examples: [['\r\0']] },
    )
  })

  it('whatever its words', () => {
    const text = fc.array(fc.constantFrom(...WORDS), { maxLength: 40 }).map((words) => words.join(''))
    fc.assert(
      fc.property(text, (words) => expectVerdict(load({ 's.yaml': words }), { 's.yaml': words })),
      { numRuns: runs(120) },
    )
  })

  it('whatever its data, in a schema and in its resource, with all checks', () => {
    fc.assert(
      fc.property(value.map, value.map, (schema, base) => {
        const files = {
          's.yaml': JSON.stringify({ name: 's', resources: { base: { uri: 'base.yaml' } }, ...schema }),
          'base.yaml': JSON.stringify({ name: 'base', tables: [], ...base }),
        }
        expectVerdict(load(files, ALL_CHECKS), files)
      }),
      { numRuns: runs(120) },
    )
  })

  it('whatever is cut out of a good one', () => {
    const good =
      'name: s\ntables:\n- name: t\n  columns:\n  - name: a\n    datatype: string\n    length: 3\n  constraints:\n  - {name: k, "@type": Unique, columns: ["#t.a"]}\n'
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(20), (start, length) => {
        const text = good.slice(0, start) + good.slice(start + length)
        expectVerdict(load({ 's.yaml': text }), { 's.yaml': text })
      }),
    )
  })
})

describe('a small file that stands for a large one is a problem, soon', () => {
  const columns = `[${Array.from({ length: 2000 }, (_, index) => `{name: c${index}, datatype: int}`).join(', ')}]`

  it('tables repeated by aliases', () => {
    const aliases = Array.from({ length: 20_000 }, () => '*t').join(', ')
    const loaded = load({ 's.yaml': `name: s\ntables: [&t {name: t, columns: ${columns}}, ${aliases}]\n` })
    expect(loaded.schema).toBeNull()
    expect(loaded.problems.map(({ code }) => code)).toContain('too_large')
  })

  it('ids repeated by aliases', () => {
    const ids = `[${Array.from({ length: 2000 }, (_, index) => `'#t.c${index}'`).join(', ')}]`
    const constraints = Array.from({ length: 2000 }, (_, index) => `{name: k${index}, '@type': Unique, columns: *i}`)
    const text = `name: s\ntables: [{name: t, columns: ${columns}, indexes: [{name: x, columns: &i ${ids}}], constraints: [${constraints.join(', ')}]}]\n`
    expect(load({ 's.yaml': text }).problems.map(({ code }) => code)).toContain('too_large')
  })

  it('ids that repeat the long name of their table', () => {
    const loaded = load({ 's.yaml': `name: s\ntables: [{name: ${'t'.repeat(100_000)}, columns: ${columns}}]\n` })
    expect(loaded.problems.map(({ code }) => code)).toEqual(['too_large'])
  })

  it('a long table id, repeated by references', () => {
    const refs = Array.from({ length: 2000 }, (_, index) => `c${index}: `).join(', ')
    const files = {
      's.yaml': `name: s\nresources: {b: {uri: b.yaml}}\ntables: [{name: t, "@id": ${'t'.repeat(100_000)}, columnRefs: {b: {t: {${refs}}}}}]\n`,
      'b.yaml': `name: b\ntables: [{name: t, columns: ${columns}}]\n`,
    }
    expect(load(files).problems.map(({ code }) => code)).toEqual(['too_large'])
  })

  it('rows that repeat a long name', () => {
    const loaded = load({ 's.yaml': `name: ${'s'.repeat(100_000)}\ntables: [{name: t, columns: ${columns}}]\n` })
    const { problems } = buildRows([loaded], DEPLOYED)
    expect(problems.map(({ path, code }) => [path, code])).toEqual([
      ['name', 'row_text_too_long'],
      ['tables.0.name', 'row_text_too_long'],
    ])
  })

  it('units and UCDs that are wrong by the thousand; what was meant is said of the first', () => {
    const wrong = Array.from(
      { length: 3000 },
      (_, index) =>
        `{name: c${index}, datatype: int, ${index % 2 === 0 ? 'ivoa:ucd: meta.idd' : 'fits:tunit: metr'}${index}}`,
    )
    const { problems } = load({ 's.yaml': `name: s\ntables: [{name: t, columns: [${wrong.join(', ')}]}]\n` })
    expect(problems).toHaveLength(2001)
    expect(problems.filter(({ suggestion }) => suggestion !== undefined).length).toBeGreaterThan(100)
  })

  it('one broken resource under many names', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `r${index}: {uri: b.yaml}`).join(', ')
    const files = {
      's.yaml': `name: s\nresources: {${names}}\ntables: []\n`,
      'b.yaml': `name: b\ntables: [${'1, '.repeat(5000)}]\n`,
    }
    const { problems } = load(files)
    expect(problems.filter(({ file }) => file === 'b.yaml')).toHaveLength(2001)
    expect(problems.filter(({ file }) => file === 's.yaml')).toHaveLength(2001)
  })

  it('problems by the hundred thousand are reported as far as anybody reads', () => {
    const { problems } = load({ 's.yaml': `name: s\ntables: [${'1, '.repeat(100_000)}]\n` })
    expect(problems).toHaveLength(2001)
    expect(problems.map(({ code }) => code)).toContain('too_many_problems')
  })

  it('resources of resources of resources', () => {
    const files = Array.from({ length: 500 }, (_, index) => [
      index === 0 ? 's.yaml' : `r${index}.yaml`,
      `name: s${index}\nresources: {r: {uri: r${index + 1}.yaml}}\ntables: []\n`,
    ])
    const { problems } = load(Object.fromEntries(files))
    expect(problems.map(({ code }) => code)).toContain('resource_chain')
  })

  it('thousands of references that lead nowhere', () => {
    const refs = Array.from({ length: 5000 }, (_, index) => `x${index}:`).join('\n        ')
    const files = {
      's.yaml': `name: s\nresources: {b: {uri: b.yaml}}\ntables:\n- name: t\n  columnRefs:\n    b:\n      t:\n        ${refs}\n`,
      'b.yaml': `name: b\ntables: [{name: t, columns: ${columns}}]\n`,
    }
    expect(load(files).problems).toHaveLength(2001)
  })
})
