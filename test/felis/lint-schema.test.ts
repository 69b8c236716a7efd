import { describe, expect, test } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'

function warningsOf(files: Readonly<Record<string, string>>): string[] {
  const { schema, problems } = new FelisLoader(new Map(Object.entries(files)), DEFAULT_CONTEXT).load('s.yaml')
  expect(schema).not.toBeNull()
  return problems.map(({ file, line, path, code, severity }) => `${file}:${line} ${path} ${severity} ${code}`)
}

function schemaOf(table: string, columns: readonly string[]): string {
  const lines = columns.map((name) => `  - {name: ${JSON.stringify(name)}, datatype: int}\n`)
  return `name: s\ntables:\n- name: ${JSON.stringify(table)}\n  columns:\n${lines.join('')}`
}

function codeOfColumn(name: string): string | undefined {
  return warningsOf({ 's.yaml': schemaOf('t', [name]) })[0]
    ?.split(' ')
    .at(-1)
}

const RESERVED =
  'count Order VALUE size user distance point box top offset ilike in_unit bigint cot year key current_date'.split(' ')
const PLAIN = 'id ra RA coord_ra x1 counts orders name type a_ currentdate "size" "my""column"'.split(' ')

describe('names that are hard to use in a query are warnings', () => {
  test.each(RESERVED)('a reserved word: %s', (name) => expect(codeOfColumn(name)).toBe('name_reserved'))

  test.each(['a.b', '.', 'a.', '"a.b"', '1.5'])('a dot: %s', (name) => expect(codeOfColumn(name)).toBe('name_dot'))

  test.each(['my column', 'a-b', '2mass', '_ra', 'größe', 'a"b', '""', "it's", '"open'])(
    'a name in need of quotes: %s',
    (name) => expect(codeOfColumn(name)).toBe('name_needs_quotes'),
  )

  test.each(PLAIN)('not %s', (name) => expect(codeOfColumn(name)).toBeUndefined())

  test('schemas, tables and columns have them at their names', () => {
    const text = schemaOf('user', ['id', 'my column']).replace('name: s', 'name: lab.two')
    expect(warningsOf({ 's.yaml': text })).toEqual([
      's.yaml:1 name warning name_dot',
      's.yaml:3 tables.0.name warning name_reserved',
      's.yaml:6 tables.0.columns.1.name warning name_needs_quotes',
    ])
  })

  test('a referenced column has one where it gets its name, and no other', () => {
    const text = `name: s
resources: {b: {uri: b.yaml}}
tables:
- name: t
  columnRefs:
    b:
      u:
        value:
        order: {ref_name: id}
`
    const source = schemaOf('u', ['id', 'value']).replace('name: s', 'name: b')
    expect(warningsOf({ 's.yaml': text, 'b.yaml': source }).sort()).toEqual([
      'b.yaml:6 tables.0.columns.1.name warning name_reserved',
      's.yaml:9 tables.0.columnRefs.b.u.order warning name_reserved',
    ])
  })

  test('empty names of what TAP_SCHEMA does not have', () => {
    const text = `name: s
tables:
- name: t
  columns: [{name: a, datatype: int}]
  columnGroups: [{name: "", columns: ["#t.a"]}]
  constraints:
  - {name: "", "@id": "#u", "@type": Unique, columns: ["#t.a"]}
  indexes:
  - {name: " ", columns: ["#t.a"]}
`
    expect(warningsOf({ 's.yaml': text })).toEqual([
      's.yaml:5 tables.0.columnGroups.0.name warning name_empty',
      's.yaml:7 tables.0.constraints.0.Unique.name warning name_empty',
      's.yaml:9 tables.0.indexes.0.name warning name_empty',
    ])
  })

  test('however many there are, they make no file invalid and hide no error', () => {
    const text = schemaOf(
      't',
      Array.from({ length: 2500 }, (_, index) => `column ${index}`),
    )
    const load = (yaml: string) => new FelisLoader(new Map([['s.yaml', yaml]]), DEFAULT_CONTEXT).load('s.yaml')
    const { schema, problems } = load(text)
    expect(schema).not.toBeNull()
    expect(problems).toHaveLength(2001)
    expect(problems.filter(({ code }) => code === 'too_many_problems')).toMatchObject([{ severity: 'warning' }])
    const broken = load(`${text}  constraints: [{name: k, "@type": Unique, columns: ["#nowhere"]}]\n`)
    expect(broken.schema).toBeNull()
    expect(broken.problems.map(({ code }) => code)).toContain('column_not_found')
  })
})

describe('an arraysize', () => {
  const columnWith = (rest: string) => `name: s\ntables:\n- name: t\n  columns:\n  - {name: a, ${rest}}\n`
  const codesOf = (arraysize: string) =>
    warningsOf({ 's.yaml': columnWith(`datatype: double, votable:arraysize: ${JSON.stringify(arraysize)}`) }).map(
      (warning) => warning.split(' ').at(-1),
    )

  test.each('3 8* 1* * 3x3 94x11 3x* 3x8* 2x3x4'.split(' '))('%s is a VOTable shape', (arraysize) =>
    expect(codesOf(arraysize)).toEqual([]),
  )

  test('white space around it is taken away, and nothing is no arraysize', () => {
    expect([...codesOf(' 3 '), ...codesOf('')]).toEqual([])
  })

  test.each([...'max n* -1 *8 3,3 3x3x (3) 3x x3 ** 3x*x2 3**x2 *x3 3X3 3.0 ٣'.split(' '), '3 x 3'])(
    '%s is not, which is a warning',
    (arraysize) => expect(codesOf(arraysize)).toEqual(['arraysize_shape']),
  )

  test('that is an integer and not a shape is not to be put in quotes', () => {
    const files = new Map([['s.yaml', columnWith('datatype: double, votable:arraysize: -1')]])
    const { problems } = new FelisLoader(files, DEFAULT_CONTEXT).load('s.yaml')
    expect(problems.map(({ code }) => code)).toEqual(['arraysize_not_text', 'arraysize_shape'])
    expect(problems.map(({ message }) => message).join()).not.toContain('quotes')
  })

  test('that was made from a length with decimals is not one either', () => {
    expect(warningsOf({ 's.yaml': columnWith('datatype: char, length: 3.0') })).toEqual([
      's.yaml:5 tables.0.columns.0.votable:arraysize warning arraysize_shape',
    ])
  })
})
