import { expect, test } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'

function problemsOf(tables: string) {
  const text = `name: s\ntables:\n${tables}`
  const { problems } = new FelisLoader(new Map([['s.yaml', text]]), DEFAULT_CONTEXT).load('s.yaml')
  return problems.map(({ line, message, suggestion }) => ({ line, message, suggestion }))
}

const TWO_TABLES = `
- {name: night, columns: [{name: id, datatype: long}, {name: observer, datatype: int}]}
- name: visit
  primaryKey: KEY
  columns: [{name: id, datatype: long}, {name: night_id, datatype: long}]
`

test.each(['night_id', 'visit.night_id'])("%s in place of the column's id is called a name, with the id", (name) => {
  expect(problemsOf(TWO_TABLES.replace('KEY', name))).toEqual([
    {
      line: 6,
      message: `the schema has no column '${name}'; it is a name, and an id belongs here`,
      suggestion: "'#visit.night_id'",
    },
  ])
})

test('the name of a referenced column is looked for in the other tables, and several columns of one name are no suggestion', () => {
  const key = (name: string) =>
    `  constraints: [{name: k, "@type": ForeignKey, columns: ["#visit.night_id"], referencedColumns: [${name}]}]\n`
  const whole = TWO_TABLES.replace('  primaryKey: KEY\n', '')
  expect(problemsOf(whole + key('id'))).toMatchObject([{ suggestion: "'#night.id'" }])
  expect(problemsOf(whole + key('night.id'))).toMatchObject([{ suggestion: "'#night.id'" }])
  const third = '- {name: moon, columns: [{name: id, datatype: long}]}\n'
  const [{ message, suggestion } = { message: '' }] = problemsOf(whole + key('id') + third)
  expect({ message, suggestion }).toEqual({ message: "Column ID 'id' not found in schema", suggestion: undefined })
})

test.each([
  ['NaN', '.nan'],
  ['nan', '.nan'],
  ['inf', '.inf'],
  ['-Infinity', '-.inf'],
  ['+inf', '+.inf'],
])('%s as a default value of a float is answered with %s', (written, right) => {
  const table = (value: string) => `- name: t\n  columns:\n  - {name: c, datatype: float, value: ${value}}\n`
  expect(problemsOf(table(written))).toMatchObject([{ line: 5, suggestion: right }])
  expect(problemsOf(table(right))).toEqual([])
})
