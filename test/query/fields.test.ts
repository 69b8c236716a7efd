import { expect, test } from 'vitest'
import { DOUBLE, TEXT, TIMESTAMP } from '../../shared/adql/value-type.ts'
import { fieldsOf } from '../../shared/query/fields.ts'

test('a field says all that is known of its column', () => {
  const column = { unit: 'deg', ucd: 'pos.eq.ra', utype: 'a:b.c', description: 'where' }
  expect(fieldsOf([{ name: 't', type: TIMESTAMP, ...column, origin: { table: 'a.b', column: 't' } }])).toEqual([
    { name: 't', datatype: 'char', arraysize: '*', xtype: 'timestamp', ...column, id: 't' },
  ])
})

test('names that come twice are distinguished, in their order, and have no ID', () => {
  const names = ['a', 'a_2', 'a', 'b', 'a'].map((name) => ({ name, type: DOUBLE }))
  expect(fieldsOf(names).map(({ name, id }) => [name, id])).toEqual([
    ['a', undefined],
    ['a_2', 'a_2'],
    ['a_3', undefined],
    ['b', 'b'],
    ['a_4', undefined],
  ])
})

test('a name that XML does not take for an ID gives none', () => {
  const names = ['1st', 'a b', 'größe', 'x:y', '', '_ok-1.2'].map((name) => ({ name, type: TEXT }))
  expect(fieldsOf(names).flatMap(({ id }) => id ?? [])).toEqual(['_ok-1.2'])
})
