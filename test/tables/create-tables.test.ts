import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import type { Schema } from '../../shared/felis/model.ts'
import { checkDefinitions } from '../../shared/tables/check-definitions.ts'
import { type CreateTablesOptions, createTables } from '../../shared/tables/create-tables.ts'
import { planTables } from '../../shared/tables/plan.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { EVERY_FEATURE } from './every-feature.ts'
import { readCatalogue } from './read-catalogue.ts'

const OPTIONS: CreateTablesOptions = {
  geometry: 'auto',
  names: 'exact',
  ifNotExists: false,
  drop: false,
  readers: [],
}

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
})
afterEach(() => database.pool.query('drop schema if exists probe, more, survey, one cascade'))
afterAll(() => database.drop())

function load(...texts: readonly string[]) {
  const files = new Map(texts.map((text, index) => [`${index}.yaml`, text]))
  const loader = new FelisLoader(files, DEFAULT_CONTEXT)
  return [...files.keys()].map((name) => loader.load(name))
}

function schemaOf(text: string): Schema {
  const [loaded] = load(text)
  expect(loaded?.problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return loaded!.schema!
}

const complaints = (names: 'exact' | 'lower', ...texts: readonly string[]) =>
  checkDefinitions(load(...texts), names).map(({ line, code }) => [line, code])

describe('what is created', () => {
  test('everything that Felis has for tables becomes what Felis makes of it', async () => {
    const { pool } = database
    await createTables(pool, [schemaOf(EVERY_FEATURE)], OPTIONS)
    // Read from a database in which `felis create` of Felis 30.2026.3400 had made the tables.
    const expected = JSON.parse(readFileSync(join(import.meta.dirname, 'every-feature.json'), 'utf8'))
    expect(await readCatalogue(pool, 'probe')).toEqual(expected)
  })

  test('what Felis cannot make or cuts is there too: expressions, types with arguments, arrays', async () => {
    const { pool } = database
    const schema = `name: more
tables:
- name: t
  columns:
  - {name: a, datatype: text}
  - {name: n, datatype: double, "postgresql:datatype": "NUMERIC(10, 2)"}
  - {name: z, datatype: timestamp, "postgresql:datatype": "timestamp(3) with time zone"}
  - {name: r, datatype: float, "postgresql:datatype": "real[]"}
  indexes: [{name: t_lower, expressions: ["lower(a)", "n * 2"]}]
`
    await createTables(pool, [schemaOf(schema)], OPTIONS)
    expect(await readCatalogue(pool, 'more')).toEqual([
      'column t 0001 a: text -- -',
      'column t 0002 n: numeric(10,2) -- -',
      'column t 0003 z: timestamp(3) with time zone -- -',
      'column t 0004 r: real[] -- -',
      `index t_lower: CREATE INDEX t_lower ON more.t USING btree (lower(a), ((n * (2)::numeric))) -- -`,
      'table t: -',
    ])
  })

  test('each position has an index; one that the schema has is not made twice', async () => {
    const { pool } = database
    const { plan, geometry } = await createTables(pool, [schemaOf(sampleSchema('survey'))], OPTIONS)
    expect({ geometry, indexes: plan.indexes }).toEqual({ geometry: 'portable', indexes: 1 })
    expect(await readCatalogue(pool, 'survey')).toContain(
      'index object_ra_dec_position: CREATE INDEX object_ra_dec_position ON survey.object USING btree ("dec") -- -',
    )
    const own = '  indexes: [{name: by_dec, columns: ["#object.dec"]}]\n'
    const schema = schemaOf(sampleSchema('survey', undefined, own))
    expect(planTables([schema], { ...OPTIONS, geometry: 'portable' }).indexes).toBe(1)
    expect(planTables([schema], { ...OPTIONS, geometry: 'pgsphere' }).indexes).toBe(2)
  })

  test('names in lower case are in lower case everywhere', async () => {
    const { pool } = database
    const schema = schemaOf(EVERY_FEATURE.replace('#Parent.d"]', '#Parent.objectId"]'))
    await createTables(pool, [schema], { ...OPTIONS, names: 'lower' })
    const named = (await readCatalogue(pool, 'probe')).filter((line) => /^(table|column) [A-Z]|"[A-Z]/.test(line))
    expect(named).toEqual([])
    await pool.query('select objectid from probe.parent')
  })
})

describe('again', () => {
  test('a second time fails, says how to go on, and leaves all as it was', async () => {
    const { pool } = database
    const schemas = [schemaOf(sampleSchema('one')), schemaOf(EVERY_FEATURE)]
    await createTables(pool, schemas.slice(1), OPTIONS)
    await expect(createTables(pool, schemas, OPTIONS)).rejects.toThrow(
      /^create table "probe"."Parent" \(: .*already exists \(SQLSTATE 42P07\); --if-not-exists .*; nothing was created$/,
    )
    expect(await readCatalogue(pool, 'one')).toEqual([])
  })

  test('--if-not-exists makes what is missing, keys and indexes too, and keeps the rows', async () => {
    const { pool } = database
    const schema = schemaOf(EVERY_FEATURE)
    await createTables(pool, [schema], OPTIONS)
    const whole = await readCatalogue(pool, 'probe')
    await pool.query('insert into probe.small values (1)')
    await pool.query('drop table probe.child; alter table probe.refers drop constraint fk2; drop index probe.idx_one')
    await createTables(pool, [schema], { ...OPTIONS, ifNotExists: true })
    expect(await readCatalogue(pool, 'probe')).toEqual(whole)
    expect((await pool.query('select * from probe.small')).rows).toEqual([{ id: 1 }])
  })

  test('--drop replaces the tables, and nothing that somebody else made of them', async () => {
    const { pool } = database
    const schema = schemaOf(EVERY_FEATURE)
    await createTables(pool, [schema], OPTIONS)
    await pool.query('insert into probe.small values (1)')
    await createTables(pool, [schema], { ...OPTIONS, drop: true })
    expect((await pool.query('select * from probe.small')).rows).toEqual([])
    await pool.query('create view probe.looks as select * from probe.small')
    await expect(createTables(pool, [schema], { ...OPTIONS, drop: true })).rejects.toThrow('drop first what depends')
  })
})

describe('rights', () => {
  test('readers read the tables and nothing else', async () => {
    const { pool, createLogin, poolAs } = database
    const reader = await createLogin()
    await createTables(pool, [schemaOf(sampleSchema('survey'))], { ...OPTIONS, readers: [reader] })
    const asReader = poolAs(reader)
    expect((await asReader.query('select * from survey.object')).rows).toEqual([])
    await expect(asReader.query('delete from survey.object')).rejects.toThrow('permission denied')
  })

  test('a login that owns the schema needs no right to create schemas', async () => {
    const { pool, createLogin, poolAs } = database
    const owner = await createLogin()
    const schema = schemaOf(sampleSchema('survey'))
    await expect(createTables(poolAs(owner), [schema], OPTIONS)).rejects.toThrow('the login must own the schema')
    await pool.query(`create schema survey authorization ${owner}`)
    await createTables(poolAs(owner), [schema], OPTIONS)
    expect(await readCatalogue(pool, 'survey')).toHaveLength(5)
  })

  test('an expression cannot become a second statement', async () => {
    const { pool } = database
    const check =
      '  constraints: [{name: ck, "@type": Check, expression: "true)); create table public.stolen (a int, check (true"}]\n'
    const schema = schemaOf(sampleSchema('survey', undefined, check))
    await expect(createTables(pool, [schema], OPTIONS)).rejects.toThrow('multiple commands')
    expect((await pool.query(`select to_regclass('public.stolen') as stolen`)).rows).toEqual([{ stolen: null }])
  })
})

describe('what PostgreSQL could not make is reported with its place', () => {
  const table = (rest: string) => `name: s\ntables:\n- name: t\n  columns: [{name: a, datatype: int}]\n${rest}`

  test.for<[string, string, number, string]>([
    ['a primary key of no column', table('  primaryKey: "#t.b"\n'), 5, 'column_missing'],
    ['an index of no column', table('  indexes: [{name: i, columns: ["#t.b"]}]\n'), 5, 'column_missing'],
    ['a name that would be cut', table(`- {name: ${'n'.repeat(64)}}\n`), 5, 'name_too_long'],
    ['an index with the name of a table', table('  indexes: [{name: t, columns: ["#t.a"]}]\n'), 5, 'names_collide'],
    ['a type that is none', table('').replace('int', 'int, "postgresql:datatype": "int; drop"'), 4, 'type_unknown'],
    [
      'a foreign key to what is not unique',
      table(
        '  constraints: [{name: k, "@type": ForeignKey, columns: ["#t.a"], referencedColumns: ["#o.b"]}]\n- {name: o, columns: [{name: b, datatype: int}]}\n',
      ),
      5,
      'key_not_unique',
    ],
  ])('%s', ([, text, line, code]) => {
    expect(complaints('exact', text)).toEqual([[line, code]])
  })

  test('names that differ in case only are two exactly, and one in lower case', () => {
    const text = table('')
      .replace('int}', 'int}, {name: A, datatype: int}')
      .replace('- name: t', '- {name: T}\n- name: t')
    expect(complaints('exact', text)).toEqual([])
    expect(complaints('lower', text)).toEqual([
      [4, 'names_collide'],
      [5, 'names_collide'],
    ])
  })

  test('two files that make the same table', () => {
    expect(complaints('exact', table(''), table(''))).toEqual([[3, 'names_collide']])
  })
})
