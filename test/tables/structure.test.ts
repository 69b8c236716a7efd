import type pg from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import type { Schema } from '../../shared/felis/model.ts'
import { planTables } from '../../shared/tables/plan.ts'
import { describeStructure } from '../../shared/tables/structure/describe-structure.ts'
import { diffDatabase } from '../../shared/tables/structure/diff-database.ts'
import { diffStructures, type StructureDiff } from '../../shared/tables/structure/diff-structures.ts'
import { objectName } from '../../shared/tables/structure/object-name.ts'
import { readStructures } from '../../shared/tables/structure/read-structure.ts'
import { isWidening, shortType } from '../../shared/tables/structure/type-change.ts'
import { tableContext } from '../../shared/tables/table-context.ts'
import { HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { EVERY_FEATURE } from './every-feature.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  return () => database.drop()
})

function load(text: string): Schema {
  const { schema, problems } = new FelisLoader(new Map([['a.yaml', text]]), DEFAULT_CONTEXT).load('a.yaml')
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return schema!
}

function structuresOf(schema: Schema) {
  const context = tableContext(schema, 'exact', false)
  return schema.tables.map((table) => describeStructure(table, context))
}

function compare(from: Schema, to: Schema): StructureDiff {
  return diffStructures(structuresOf(from), structuresOf(to))
}

const PLAN = { geometry: 'portable', names: 'exact', ifNotExists: false, drop: false, readers: [] } as const

async function make(client: pg.ClientBase, schema: Schema): Promise<void> {
  // Indexes of positions are the database's affair, not the schema's.
  const statements = planTables([schema], PLAN).statements.filter((sql) => !/_position" on /.test(sql))
  await client.query(`create schema "${schema.name}"`)
  for (const sql of statements) await client.query(sql)
}

/** All that a schema of the database has, wherever a column stands in its table. */
async function readAll(client: pg.ClientBase, schema: string) {
  const structures = await readStructures(client, new Map([[schema, schema]]))
  const sequences = await client.query(
    'select sequencename, data_type::text from pg_sequences where schemaname = $1 order by 1',
    [schema],
  )
  const sorted = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    tables: structures.map(({ columns, constraints, indexes, ...rest }) => {
      return { ...rest, columns: sorted(columns), constraints: sorted(constraints), indexes: sorted(indexes) }
    }),
    sequences: sequences.rows,
  }
}

/** Runs something in a transaction of which nothing stays. */
async function forAMoment<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.pool.connect()
  try {
    await client.query('begin')
    return await work(client)
  } finally {
    await client.query('rollback')
    client.release()
  }
}

/** What a schema is made as, and what the statements make of it, given a row. */
async function makeAndChange(schema: Schema, statements: readonly string[], row?: string) {
  return forAMoment(async (client) => {
    await make(client, schema)
    const made = await readAll(client, schema.name)
    if (row !== undefined) await client.query(row)
    for (const sql of statements) await client.query(sql)
    return { made, changed: await readAll(client, schema.name) }
  })
}

/** The statements of a diff make of the tables of one side what the other side is made as, there and back. */
async function expectTransformation(from: Schema, to: Schema, row?: string): Promise<StructureDiff> {
  const diff = compare(from, to)
  const there = await makeAndChange(from, diff.statements, row)
  const back = await makeAndChange(to, compare(to, from).statements)
  expect(there.changed).toEqual(back.made)
  expect(back.changed).toEqual(there.made)
  return diff
}

interface Edit {
  readonly what: string
  readonly edit: readonly (readonly [string, string])[]
  readonly breaking: boolean
  /** What is reported: kind, change, name and its fields. */
  readonly told: readonly string[]
}

const EDITS: readonly Edit[] = [
  {
    what: 'a longer text that may be missing',
    edit: [['{name: c, datatype: char, length: 3,', '{name: c, datatype: char, length: 77, nullable: true,']],
    breaking: false,
    told: ['column changed probe.Parent.c: type char(3) → char(77)'],
  },
  {
    what: 'a shorter text',
    edit: [['length: 12, value: x', 'length: 7, value: x']],
    breaking: true,
    told: ['column changed probe.Parent.s: type varchar(12) → varchar(7)'],
  },
  {
    what: 'a text with another default',
    edit: [['length: 12, value: x', 'length: 12, value: y']],
    breaking: false,
    told: ["column changed probe.Parent.s: default 'x' → 'y'"],
  },
  {
    what: 'a default that is gone',
    edit: [['nullable: false, value: -7', 'nullable: false']],
    breaking: true,
    told: ['column changed probe.Parent.i: default -7 → null'],
  },
  {
    what: 'a column that must have a value',
    edit: [['{name: d, datatype: double}', '{name: d, datatype: double, nullable: false}']],
    breaking: true,
    told: ['column changed probe.Parent.d: nullable true → false'],
  },
  {
    what: 'a column that may be missing',
    edit: [['datatype: int, nullable: false, value: -7', 'datatype: int, value: -7']],
    breaking: false,
    told: ['column changed probe.Parent.i: nullable false → true'],
  },
  {
    what: 'a number with more digits',
    edit: [['{name: i, datatype: int,', '{name: i, datatype: long,']],
    breaking: false,
    told: ['column changed probe.Parent.i: type integer → bigint'],
  },
  {
    what: 'a number that becomes a text, with its default',
    edit: [
      [
        '{name: i, datatype: int, nullable: false, value: -7}',
        '{name: i, datatype: string, length: 5, nullable: false, value: "-7"}',
      ],
      ['i < 100 and d > 1', 'd > 1'],
    ],
    breaking: true,
    told: [
      "column changed probe.Parent.i: type integer → varchar(5), default -7 → '-7'",
      'check changed probe.Parent.ck: expression i < 100 and d > 1 → d > 1',
    ],
  },
  {
    what: 'fewer digits of a second',
    edit: [['{name: ts6, datatype: timestamp, precision: 6,', '{name: ts6, datatype: timestamp, precision: 3,']],
    breaking: true,
    told: ['column changed probe.Parent.ts6: type timestamp(6) → timestamp(3)'],
  },
  {
    what: 'a type of PostgreSQL',
    edit: [['"postgresql:datatype": REAL', '"postgresql:datatype": "double precision"']],
    breaking: false,
    told: ['column changed probe.Parent.o3: type real → double precision'],
  },
  {
    what: 'the same type in other words',
    edit: [['"postgresql:datatype": REAL', '"postgresql:datatype": float4']],
    breaking: false,
    told: [],
  },
  {
    what: 'a new column',
    edit: [['{name: ai,', '{name: extra, datatype: string, length: 5}\n  - {name: ai,']],
    breaking: false,
    told: ['column added probe.Parent.extra'],
  },
  {
    what: 'a new column that must have a value',
    edit: [['{name: ai,', '{name: extra, datatype: int, nullable: false}\n  - {name: ai,']],
    breaking: true,
    told: ['column added probe.Parent.extra'],
  },
  {
    what: 'a column that is gone, with its index',
    edit: [
      ['  - {name: d, datatype: double}\n', ''],
      ['  - {name: idx_one, columns: ["#Parent.d"], description: not kept}\n', ''],
      ['i < 100 and d > 1', 'i < 100'],
    ],
    breaking: true,
    told: [
      'column removed probe.Parent.d',
      'check changed probe.Parent.ck: expression i < 100 and d > 1 → i < 100',
      'index removed probe.Parent.idx_one',
    ],
  },
  {
    what: 'an index of other columns',
    edit: [['["#Parent.s", "#Parent.i"]}\n  constraints', '["#Parent.i"]}\n  constraints']],
    breaking: false,
    told: ['index changed probe.Parent.idx_two: columns ("s", "i") → ("i")'],
  },
  {
    what: 'a key that is deleted with its rows no more',
    edit: [['on_delete: CASCADE, ', '']],
    breaking: true,
    told: ['foreign key changed probe.child.fk1: on_delete cascade → no action'],
  },
  {
    what: 'a key that is gone',
    edit: [
      [
        '   constraints: [{name: fk2, "@type": ForeignKey, columns: ["#refers.id"], referencedColumns: ["#Parent.objectId"]}]}',
        '   constraints: []}',
      ],
    ],
    breaking: false,
    told: ['column changed probe.refers.id: autoincrement false → true', 'foreign key removed probe.refers.fk2'],
  },
  {
    what: 'checks that are deferred no more',
    edit: [['deferrable: true, initially: DEFERRED}', 'deferrable: false}']],
    breaking: true,
    told: ['unique changed probe.Parent.uqd: deferrable deferrable initially deferred → '],
  },
  {
    what: 'a unique constraint that is gone',
    edit: [
      ['  - {name: uq, "@type": Unique, columns: ["#Parent.s", "#Parent.i"], description: unique together}\n', ''],
    ],
    breaking: false,
    told: ['unique removed probe.Parent.uq'],
  },
  {
    what: 'another primary key of what others refer to',
    edit: [
      ['primaryKey: "#Parent.objectId"', 'primaryKey: ["#Parent.objectId", "#Parent.sh"]'],
      ['  - {name: uqd,', '  - {name: uqo, "@type": Unique, columns: ["#Parent.objectId"]}\n  - {name: uqd,'],
    ],
    breaking: true,
    told: [
      'column changed probe.Parent.objectId: autoincrement true → false',
      'column changed probe.Parent.sh: nullable true → false',
      'primary key changed probe.Parent: columns objectId → objectId, sh',
      'unique added probe.Parent.uqo',
    ],
  },
  {
    what: 'a number of rows in another type',
    edit: [
      [
        '- {name: small, primaryKey: "#small.id", columns: [{name: id, datatype: short}]}',
        '- {name: small, primaryKey: "#small.id", columns: [{name: id, datatype: long}]}',
      ],
    ],
    breaking: false,
    told: ['column changed probe.small.id: type smallint → bigint'],
  },
  {
    what: 'rows that number themselves',
    edit: [['datatype: int, autoincrement: false', 'datatype: int']],
    breaking: false,
    told: ['column changed probe.manual.id: autoincrement false → true'],
  },
  {
    what: 'rows that number themselves no more',
    edit: [
      [
        '- {name: wide, primaryKey: "#wide.id", columns: [{name: id, datatype: int,',
        '- {name: wide, primaryKey: "#wide.id", columns: [{name: id, datatype: int, autoincrement: false,',
      ],
    ],
    breaking: true,
    told: ['column changed probe.wide.id: autoincrement true → false'],
  },
  {
    what: 'keys between columns that change together',
    edit: [
      ['{name: objectId, datatype: long,', '{name: objectId, datatype: string, length: 20,'],
      ['{name: z, datatype: long, autoincrement: true}', '{name: z, datatype: string, length: 20}'],
      ['columns: [{name: id, datatype: long}]', 'columns: [{name: id, datatype: string, length: 20}]'],
    ],
    breaking: true,
    told: [
      'column changed probe.Parent.objectId: type bigint → varchar(20), autoincrement true → false',
      'column changed probe.child.z: type bigint → varchar(20), autoincrement true → false',
      'column changed probe.refers.id: type bigint → varchar(20)',
    ],
  },
  {
    what: 'a table without a primary key',
    edit: [['- {name: decimal, primaryKey: "#decimal.id",', '- {name: decimal,']],
    breaking: false,
    told: ['column changed probe.decimal.id: nullable false → true', 'primary key removed probe.decimal'],
  },
  {
    what: 'tables that come and go',
    edit: [
      [
        '- {name: empty}',
        '- {name: fresh, primaryKey: "#fresh.id", columns: [{name: id, datatype: int}], indexes: [{name: fresh_i, columns: ["#fresh.id"]}]}',
      ],
      ['- {name: small, primaryKey: "#small.id", columns: [{name: id, datatype: short}]}\n', ''],
    ],
    breaking: true,
    told: ['table added probe.fresh', 'table removed probe.small', 'table removed probe.empty'],
  },
]

const BASE = EVERY_FEATURE
const ROW = `insert into probe."Parent" (sh, i, d, s, c) values (1, 2, 3.5, 'a', 'abc'); set constraints all immediate`

describe('the statements make one structure into the other', () => {
  test.each(EDITS)('$what', async ({ edit, breaking, told }) => {
    const text = edit.reduce((before, [old, next]) => {
      expect(before).toContain(old)
      return before.replace(old, () => next)
    }, BASE)
    // What is called compatible works with rows there, too.
    const diff = await expectTransformation(load(BASE), load(text), breaking ? undefined : ROW)
    expect(diff.changes.map(tell)).toEqual(told)
    expect(diff.breaking).toBe(breaking)
    expect(diff.changes.filter((change) => change.breaking && change.why === undefined)).toEqual([])
  })
})

function tell({ kind, change, name, fields }: StructureDiff['changes'][number]): string {
  const parts = Object.entries(fields ?? {}).map(([field, { from, to }]) => `${field} ${from} → ${to}`)
  return `${kind} ${change} ${name}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}

test.skipIf(!HAS_DATA)(`what changed between two releases is changed in the database, too${NEEDS_DATA}`, async () => {
  const [before, after] = await Promise.all(['w.2026.24', 'w.2026.34'].map((tag) => readReleaseFiles(tag)))
  const [old, next] = [before!, after!].map((files) => new FelisLoader(files, DEFAULT_CONTEXT))
  const names = [...after!.keys()].filter((name) => before!.has(name) && before!.get(name) !== after!.get(name))
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) {
    const [from, to] = [old!.load(name).schema!, next!.load(name).schema!]
    if (from.name === to.name && compare(from, to).changes.length > 0) await expectTransformation(from, to)
  }
})

test('a database is compared with a file, however the two spell their types', async () => {
  const schema = load(BASE)
  await forAMoment(async () => {})
  const client = await database.pool.connect()
  try {
    await make(client, schema)
    const options = { geometry: 'portable', names: 'exact' } as const
    expect(await diffDatabase(database.pool, [schema], options)).toEqual({
      breaking: false,
      changes: [],
      statements: [],
      others: [],
    })
    await client.query('alter table probe."Parent" alter column s type varchar(40); create table probe.theirs (x int)')
    const { changes, statements, others } = await diffDatabase(database.pool, [schema], options)
    expect(changes.map(tell)).toEqual(['column changed probe.Parent.s: type varchar(40) → varchar(12)'])
    expect(others).toEqual(['probe.theirs'])
    for (const sql of statements) await client.query(sql)
    expect((await diffDatabase(database.pool, [schema], options)).changes).toEqual([])
    const login = await database.createLogin()
    await client.query(`revoke temporary on database ${new URL(database.url).pathname.slice(1)} from public`)
    await expect(diffDatabase(database.poolAs(login), [schema], options)).rejects.toMatchObject({
      code: 'compare_tables',
      message: expect.stringMatching(/temporary tables.*right `temporary`/),
    })
  } finally {
    await client.query('drop schema if exists probe cascade')
    client.release()
  }
})

test.each([
  ['character varying(7)', 'varchar(7)'],
  ['timestamp (3) without time zone', 'timestamp(3)'],
  ['DOUBLE_PRECISION', 'double precision'],
  ['real[]', 'real[]'],
  ['NUMERIC(10, 2)', 'numeric(10,2)'],
  ['char', 'char(1)'],
  ['spoint', 'spoint'],
])('%s is compared as %s', (type, short) => expect(shortType(type)).toBe(short))

test.each<[string, string, boolean]>([
  ['varchar(7)', 'varchar(77)', true],
  ['varchar(7)', 'character varying', true],
  ['varchar', 'varchar(7)', false],
  ['text', 'varchar', true],
  ['char(3)', 'varchar(2)', false],
  ['char(3)', 'text', true],
  ['smallint', 'bigint', true],
  ['bigint', 'double precision', false],
  ['integer', 'real', false],
  ['numeric(10,2)', 'numeric(12,2)', true],
  ['numeric(10,2)', 'numeric(10,4)', false],
  ['integer', 'numeric(3)', false],
  ['timestamp', 'timestamp(3)', false],
  ['timestamp(3)', 'timestamp', true],
  ['real', 'real[]', false],
  ['integer[]', 'bigint[]', true],
  ['bytea', 'text', false],
])('%s → %s keeps every value: %s', (from, to, keeps) => expect(isWidening(from, to)).toBe(keeps))

test.each<[readonly string[], string, string]>([
  [['t'], 'pkey', 't_pkey'],
  [['x'.repeat(63)], 'pkey', `${'x'.repeat(58)}_pkey`],
  [['t'.repeat(40), 'c'.repeat(40)], 'seq', `${'t'.repeat(29)}_${'c'.repeat(29)}_seq`],
])('names that PostgreSQL makes: %s', async (parts, label, name) => {
  expect(objectName(parts, label)).toBe(name)
  await forAMoment(async (client) => {
    const [table = '', column = 'id'] = parts
    await client.query(`create table "${table}" ("${column}" serial primary key)`)
    const { rows } = await client.query('select relname from pg_class where relname = $1', [name])
    expect(rows).toHaveLength(1)
  })
})
