import { describe, expect, test } from 'vitest'
import { diffSlots } from '../../shared/tap-schema/diff.ts'
import { formatDiff } from '../../shared/tap-schema/format-diff.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { reuseDatabases } from '../support/prepared-database.ts'
import { type SampleColumn, sampleSchema, stageRequest } from '../support/sample-release.ts'

const emptyDatabase = reuseDatabases()

type Tables = Readonly<Record<string, readonly SampleColumn[]>>

const id: SampleColumn = { name: 'id', datatype: 'long' }
const ra: SampleColumn = { name: 'ra', extra: '"ivoa:unit": deg' }

const KEY = `  constraints:
  - {name: fk, "@type": ForeignKey, columns: ["#source.id"], referencedColumns: ["#object.id"]}
`

/** The diff of live → staging, for two releases of one schema. */
async function compare(before: string, after: string) {
  const database = await emptyDatabase()
  const files = (yaml: string) => ({ files: new Map([['survey.yaml', yaml]]) })
  await stageRelease(database.pool, stageRequest('old', files(before)))
  await database.pool.query('alter schema tap_schema_staging rename to tap_schema')
  await stageRelease(database.pool, stageRequest('new', files(after)))
  return diffSlots(database.pool, 'live', 'staging')
}

const tables = (columns: Tables) => sampleSchema('survey', columns)

describe('a diff', () => {
  test('of equal contents is empty and compatible', async () => {
    const diff = await compare(tables({ object: [id, ra] }), tables({ object: [id, ra] }))
    expect(diff).toEqual({
      from: { slot: 'live', version: 'old', id: 1 },
      to: { slot: 'staging', version: 'new', id: 2 },
      breaking: false,
      changes: [],
    })
    expect(formatDiff(diff)).toBe('live (old, id 1) -> staging (new, id 2)\nno changes\n')
  })

  test('calls additions compatible', async () => {
    const diff = await compare(tables({ object: [id] }), tables({ object: [id, ra], source: [id] }))
    expect(diff.breaking).toBe(false)
    expect(diff.changes).toEqual([
      { kind: 'table', change: 'added', name: 'survey.source', breaking: false },
      { kind: 'column', change: 'added', name: 'survey.object.ra', breaking: false },
      { kind: 'column', change: 'added', name: 'survey.source.id', breaking: false },
    ])
    expect(formatDiff(diff)).toBe(`live (old, id 1) -> staging (new, id 2)
  + table survey.source (1 column)
  + column survey.object.ra
1 table added, 2 columns added; compatible
`)
  })

  test('calls removals breaking', async () => {
    const diff = await compare(tables({ object: [id, ra], source: [id] }), tables({ object: [id] }))
    expect(diff.breaking).toBe(true)
    expect(diff.changes.map(({ kind, change, name, breaking }) => [kind, change, name, breaking])).toEqual([
      ['table', 'removed', 'survey.source', true],
      ['column', 'removed', 'survey.object.ra', true],
      ['column', 'removed', 'survey.source.id', true],
    ])
  })

  test.each<[string, SampleColumn, SampleColumn, string[], boolean]>([
    ['datatype', { name: 'a', datatype: 'int' }, { name: 'a', datatype: 'long' }, ['datatype'], true],
    [
      'arraysize',
      { name: 'a', datatype: 'char', length: 8 },
      { name: 'a', datatype: 'char', length: 9 },
      ['arraysize'],
      true,
    ],
    ['unit', { name: 'a', extra: '"ivoa:unit": deg' }, { name: 'a', extra: '"ivoa:unit": arcsec' }, ['unit'], true],
    ['unit that goes', { name: 'a', extra: '"ivoa:unit": deg' }, { name: 'a' }, ['unit'], true],
    [
      'xtype',
      { name: 'a', extra: '"votable:xtype": point' },
      { name: 'a', extra: '"votable:xtype": circle' },
      ['xtype'],
      true,
    ],
    [
      'description',
      { name: 'a', extra: 'description: x' },
      { name: 'a', extra: 'description: y' },
      ['description'],
      false,
    ],
    ['ucd', { name: 'a' }, { name: 'a', extra: '"ivoa:ucd": meta.id' }, ['ucd'], false],
    ['principal', { name: 'a' }, { name: 'a', extra: '"tap:principal": 1' }, ['principal'], false],
  ])('a changed %s is shown with both values', async (_field, before, after, fields, breaking) => {
    const diff = await compare(tables({ object: [before] }), tables({ object: [after] }))
    expect(diff.changes).toHaveLength(1)
    const [change] = diff.changes
    expect(change).toMatchObject({ kind: 'column', change: 'changed', name: 'survey.object.a', breaking })
    expect(Object.keys(change?.fields ?? {})).toEqual(fields)
    expect(diff.breaking).toBe(breaking)
  })

  test('shows old and new value, in JSON and in text', async () => {
    const diff = await compare(tables({ object: [ra] }), tables({ object: [{ name: 'ra', datatype: 'float' }] }))
    expect(diff.changes[0]?.fields).toEqual({
      datatype: { from: 'double', to: 'float', breaking: true },
      unit: { from: 'deg', to: null, breaking: true },
    })
    expect(formatDiff(diff)).toBe(`live (old, id 1) -> staging (new, id 2)
! ~ column survey.object.ra
!     datatype: "double" -> "float"
!     unit: "deg" -> (none)
1 column changed; 1 breaking
`)
  })

  test('shows keys that are added, removed and renamed, none of which is breaking', async () => {
    const both: Tables = { object: [id], source: [id] }
    const without = tables(both)
    const keyed = `${without}${KEY}`
    const added = await compare(without, keyed)
    expect(added.changes).toEqual([{ kind: 'key', change: 'added', name: 'survey_fk', breaking: false }])
    const removed = await compare(keyed, without)
    expect(removed.changes).toEqual([{ kind: 'key', change: 'removed', name: 'survey_fk', breaking: false }])
    const renamed = await compare(keyed, keyed.replace('name: fk', 'name: FK_source'))
    expect(formatDiff(renamed)).toBe(`live (old, id 1) -> staging (new, id 2)
  ~ key survey_FK_source (renamed from survey_fk)
1 key renamed; compatible
`)
  })

  test('shows a table in other upper and lower case once, and that it is breaking', async () => {
    const diff = await compare(tables({ Object: [id, ra] }), tables({ object: [id, ra] }))
    expect(formatDiff(diff)).toBe(`live (old, id 1) -> staging (new, id 2)
! ~ table survey.object (renamed from survey.Object)
1 table renamed; 1 breaking
`)
  })
})

describe('slots that are not there', () => {
  test('before the first deployment everything is new', async () => {
    const database = await emptyDatabase()
    await stageRelease(database.pool, stageRequest('r1'))
    const diff = await diffSlots(database.pool, 'live', 'staging')
    expect(diff.from).toEqual({ slot: 'live', version: null, id: null })
    expect(diff.breaking).toBe(false)
    expect(diff.changes.filter(({ kind }) => kind === 'schema').map(({ name }) => name)).toEqual([
      'survey',
      'tap_schema',
    ])
  })

  test('nothing staged is an error and not an empty diff', async () => {
    const database = await emptyDatabase()
    await expect(diffSlots(database.pool, 'live', 'staging')).rejects.toMatchObject({ code: 'empty_slot' })
  })
})
