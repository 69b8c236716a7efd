import { describe, expect, test } from 'vitest'
import { type Cell, type Contents, ITEM_KINDS, type ItemKind, NO_CONTENTS } from '../../shared/tap-schema/contents.ts'
import { type Change, diffContents } from '../../shared/tap-schema/diff-contents.ts'

type Items = Readonly<Record<string, Readonly<Record<string, Cell>>>>

function contents(items: Partial<Record<ItemKind, Items>>): Contents {
  const maps = ITEM_KINDS.map((kind) => [kind, new Map(Object.entries(items[kind] ?? {}))])
  return { ...NO_CONTENTS, ...Object.fromEntries(maps) }
}

function diff(from: Partial<Record<ItemKind, Items>>, to: Partial<Record<ItemKind, Items>>): readonly Change[] {
  return diffContents(contents(from), contents(to))
}

/** A column's change of one field. */
function verdictOn(field: string, from: Cell, to: Cell): boolean | undefined {
  return diff({ column: { 's.t.a': { [field]: from } } }, { column: { 's.t.a': { [field]: to } } })[0]?.breaking
}

describe('an arraysize', () => {
  test.each([
    ['20*', '*'],
    ['*', '20*'],
    ['20*', '30*'],
    ['3x20*', '3x*'],
  ])('%s that becomes %s is not breaking: any length is read in the same way', (from, to) => {
    expect(verdictOn('arraysize', from, to)).toBe(false)
  })

  test.each([
    ['8', '9'],
    ['8', '*'],
    ['*', '8'],
    [null, '*'],
    ['*', null],
    ['3x*', '4x*'],
    ['3x*', '*'],
  ])('%s that becomes %s is breaking: the shape is another', (from, to) => {
    expect(verdictOn('arraysize', from, to)).toBe(true)
  })
})

test.each<[string, Cell, Cell, boolean]>([
  ['unit', 'deg', 'rad', true],
  ['unit', 'deg', null, true],
  ['unit', null, 'deg', false],
  ['unit', '', null, false],
  ['xtype', 'timestamp', null, true],
  ['xtype', null, 'timestamp', true],
  ['datatype', 'int', 'long', true],
  ['ucd', 'pos.eq.ra', 'pos.eq.dec', false],
  ['utype', 'a', 'b', false],
  ['principal', 1, 0, false],
  ['indexed', 1, 0, false],
  ['std', 1, 0, false],
  ['column_index', 1, 2, false],
])('a %s %j that becomes %j: breaking is %j', (field, from, to, breaking) => {
  expect(verdictOn(field, from, to)).toBe(breaking)
})

test('what only describes a schema or a table is not breaking', () => {
  const items = (cell: string): Partial<Record<ItemKind, Items>> => ({
    schema: { s: { utype: cell, description: cell, schema_index: cell } },
    table: { 's.t': { table_type: cell, utype: cell, description: cell, table_index: cell } },
  })
  expect(diff(items('a'), items('b')).map(({ change, breaking }) => [change, breaking])).toEqual([
    ['changed', false],
    ['changed', false],
  ])
})

describe('a foreign key', () => {
  const key = (columns: string, description: string | null = null) => ({
    from_table: 's.source',
    target_table: 's.visit',
    utype: null,
    description,
    columns,
  })

  test('that is only called otherwise is renamed, which is not breaking', () => {
    const changes = diff(
      { key: { FK_a: key('a -> id'), FK_b: key('b -> id') } },
      { key: { fk_b: key('b -> id'), x: key('a -> id') } },
    )
    expect(changes).toEqual([
      { kind: 'key', change: 'renamed', name: 'fk_b', formerName: 'FK_b', breaking: false },
      { kind: 'key', change: 'renamed', name: 'x', formerName: 'FK_a', breaking: false },
    ])
  })

  test('that is renamed and described otherwise is both', () => {
    expect(diff({ key: { k: key('a -> id') } }, { key: { l: key('a -> id', 'text') } })).toEqual([
      {
        kind: 'key',
        change: 'renamed',
        name: 'l',
        formerName: 'k',
        breaking: false,
        fields: { description: { from: null, to: 'text', breaking: false } },
      },
    ])
  })

  test('of two that mean the same, one can be dropped and one renamed', () => {
    const both = { key: { k: key('a -> id'), l: key('a -> id') } }
    expect(
      diff(both, { key: { m: key('a -> id') } }).map(({ change, name, formerName }) => [change, name, formerName]),
    ).toEqual([
      ['removed', 'l', undefined],
      ['renamed', 'm', 'k'],
    ])
  })

  test('that is dropped, new, or of other columns is not breaking', () => {
    const before = { key: { dropped: key('a -> id'), other: key('b -> id') } }
    const after = { key: { other: key('c -> id'), added: key('d -> id') } }
    expect(diff(before, after).map(({ change, name, breaking }) => [change, name, breaking])).toEqual([
      ['added', 'added', false],
      ['removed', 'dropped', false],
      ['changed', 'other', false],
    ])
  })
})

describe('names in other upper and lower case', () => {
  const visit = (schema: string, table: string, column: string): Partial<Record<ItemKind, Items>> => ({
    schema: { [schema]: { description: null } },
    table: { [`${schema}.${table}`]: { description: null } },
    column: { [`${schema}.${table}.${column}`]: { datatype: 'int' } },
  })
  const shown = (changes: readonly Change[]) =>
    changes.map(
      ({ kind, change, name, formerName, breaking }) => `${kind} ${formerName ?? ''} ${change} ${name} ${breaking}`,
    )

  test('of a table are one breaking change, not one for each column', () => {
    expect(shown(diff(visit('s', 'Visit', 'id'), visit('s', 'visit', 'id')))).toEqual([
      'table s.Visit renamed s.visit true',
    ])
  })

  test('of a schema are one breaking change, not one for each table', () => {
    expect(shown(diff(visit('S', 'visit', 'id'), visit('s', 'visit', 'id')))).toEqual(['schema S renamed s true'])
  })

  test('of everything are one for each', () => {
    expect(shown(diff(visit('S', 'Visit', 'ID'), visit('s', 'visit', 'id')))).toEqual([
      'schema S renamed s true',
      'table S.Visit renamed s.visit true',
      'column S.Visit.ID renamed s.visit.id true',
    ])
  })

  test('a column of a renamed table that is changed, too, is shown under its new name', () => {
    const after = { ...visit('s', 'visit', 'id'), column: { 's.visit.id': { datatype: 'long' } } }
    expect(diff(visit('s', 'Visit', 'id'), after)).toMatchObject([
      { kind: 'table', change: 'renamed' },
      { kind: 'column', change: 'changed', name: 's.visit.id', breaking: true, fields: { datatype: { to: 'long' } } },
    ])
  })

  test('beside each other: a new name makes the old one ambiguous', () => {
    const column = (...names: string[]) => ({ column: Object.fromEntries(names.map((name) => [`s.t.${name}`, {}])) })
    expect(shown(diff(column('ra'), column('ra', 'RA', 'dec')))).toEqual([
      'column  added s.t.RA true',
      'column  added s.t.dec false',
    ])
    expect(shown(diff(column('ra', 'Ra'), column('RA', 'x')))).toEqual([
      'column s.t.Ra renamed s.t.RA true',
      'column  removed s.t.ra true',
      'column  added s.t.x false',
    ])
  })
})
