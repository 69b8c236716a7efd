import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RejectedError } from '../../shared/tap-schema/slot-failures.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { TAP_TABLE_NAMES, type TapTableName } from '../../shared/tap-schema/tables.ts'
import {
  DATA,
  type GoldenTables,
  HAS_DATA,
  NEEDS_DATA,
  readGolden,
  readReleaseFiles,
  withUnicodeText,
} from '../support/golden.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'

/** The sets that Rubin's TAP services are deployed with. */
const TAP_SETS: Readonly<Record<string, readonly string[]>> = {
  tap: ['dp2', 'dp1', 'ivoa_obscore', 'dp02_dc2'],
  ssotap: ['dp03_10yr', 'dp03_1yr'],
  livetap: ['oga_live_obscore'],
  ppdbtap: ['ppdb'],
}

const KEYS: Readonly<Record<TapTableName, string>> = {
  schemas: 'schema_name',
  tables: 'table_name',
  columns: 'table_name, column_name',
  keys: 'key_id',
  key_columns: 'key_id, from_column, target_column',
}

describe.skipIf(!HAS_DATA)(`the staging slot${NEEDS_DATA}`, () => {
  test.each(Object.entries(TAP_SETS))(
    'of the deployed set %s holds the rows that Repertoire loads, its own free text as unicodeChar',
    async (name, schemas) => {
      const database = await createTestDatabase()
      const files = await readReleaseFiles('w.2026.34')
      await stageRelease(database.pool, stageRequest('releases/w.2026.34', { files, schemas }))
      const golden = withUnicodeText(readGolden<GoldenTables>(`felis/tap-sets/${name}.json`))
      for (const table of TAP_TABLE_NAMES) {
        const { columns, rows } = golden[table]
        const list = columns.map((column: string) => `"${column}"`).join(', ')
        const found = await database.pool.query({
          text: `select ${list} from tap_schema_staging.${table}11 order by ${KEYS[table]}`,
          rowMode: 'array',
        })
        expect(found.fields.map(({ name }) => name)).toEqual(columns)
        expect(found.rows, table).toEqual(rows)
      }
    },
  )

  test('has the tables, comments, constraints and views that Felis and Repertoire make', async () => {
    const database = await createTestDatabase()
    await stageRelease(database.pool, stageRequest('r1'))
    const dump = readFileSync(join(DATA, 'golden', 'felis', 'tap-schema-ddl.sql'), 'utf8')
    expect(await describeColumns(database)).toEqual(columnsIn(dump))
    expect(await describeComments(database)).toEqual(
      matches(dump, /^COMMENT ON (?:TABLE|COLUMN) tap_schema\.(\S+ IS '.*');$/gm),
    )
    expect(await describeConstraints(database)).toEqual(
      matches(dump, /^ALTER TABLE ONLY tap_schema\.(\w+)\n {4}ADD CONSTRAINT (.*);$/gm).filter(
        (line) => !line.startsWith('version '),
      ),
    )
    expect(await describeViews(database)).toEqual(matches(dump, /^CREATE VIEW tap_schema\.(\w+) AS$/gm))
  })
})

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match.slice(1).join(' ').replaceAll('tap_schema.', '')).sort()
}

function columnsIn(dump: string): string[] {
  const tables = [...dump.matchAll(/^CREATE TABLE tap_schema\.(\w+11) \(\n([^;]*)\n\);$/gm)]
  return tables.flatMap(([, table, body]) => body!.split(',\n').map((line) => `${table} ${line.trim()}`)).sort()
}

async function list(database: TestDatabase, query: string): Promise<string[]> {
  const found = await database.pool.query<{ line: string }>(query)
  return found.rows.map(({ line }) => line.replaceAll(/tap_schema(?:_staging)?\./g, '')).sort()
}

const describeColumns = (database: TestDatabase) =>
  list(
    database,
    `select c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' NOT NULL' else '' end as line
       from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'tap_schema_staging'::regnamespace and c.relkind = 'r' and a.attnum > 0 and c.relname like '%11'`,
  )

const describeComments = (database: TestDatabase) =>
  list(
    database,
    `select c.relname || coalesce('.' || a.attname, '') || ' IS ' || quote_literal(d.description) as line
       from pg_description d join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass
       left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0
      where c.relnamespace = 'tap_schema_staging'::regnamespace and c.relname like '%11'`,
  )

const describeConstraints = (database: TestDatabase) =>
  list(
    database,
    `select c.relname || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid) as line
       from pg_constraint k join pg_class c on c.oid = k.conrelid
      where k.connamespace = 'tap_schema_staging'::regnamespace and k.contype in ('p', 'f') and c.relname like '%11'`,
  )

const describeViews = (database: TestDatabase) =>
  list(
    database,
    `select relname as line from pg_class
      where relnamespace = 'tap_schema_staging'::regnamespace and relkind = 'v' and relname <> 'version'`,
  )

interface EdgeCase {
  readonly yaml: string
  readonly result: { readonly outcome: string }
}

describe.skipIf(!HAS_DATA)(`what Felis loads${NEEDS_DATA}`, () => {
  test('is staged, or rejected with file and line before the database is asked', async () => {
    const database = await createTestDatabase()
    const { _files: resources, ...cases } = readGolden<Record<string, EdgeCase>>('felis/edge-cases.json')
    const loadable = Object.values(cases).filter(({ result }) => result.outcome === 'ok')
    expect(loadable.length).toBeGreaterThan(100)
    // All are one release, in which each is a schema with a name of its own.
    const schemas = loadable.map((_, index) => `s${index}`)
    const files = new Map(Object.entries(resources as unknown as Record<string, string>))
    for (const [index, { yaml }] of loadable.entries())
      files.set(`s${index}.yaml`, yaml.replace(/^name: s$/m, `name: s${index}`))
    const stage = (chosen: readonly string[]) =>
      stageRelease(database.pool, stageRequest('cases', { files, schemas: chosen }))
    const refusal = await stage(schemas).then(
      () => null,
      (error: RejectedError) => error,
    )
    const problems = refusal?.problems ?? []
    expect(problems.filter(({ line }) => line === undefined)).toEqual([])
    const rejected = new Set(problems.map(({ file }) => file))
    const accepted = schemas.filter((name) => !rejected.has(`${name}.yaml`))
    expect(accepted.length).toBeGreaterThan(60)
    expect(await stage(accepted)).toMatchObject({ outcome: 'staged' })
  })
})
