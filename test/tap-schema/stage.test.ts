import { describe, expect, test } from 'vitest'
import { DEPLOYED, PLAIN } from '../../shared/tap-schema/options.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { poolDyingAt } from '../support/dying-pool.ts'
import { everyNth } from '../support/effort.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { prepareReleases } from '../support/prepared-database.ts'
import { sampleSchema, stageRequest } from '../support/sample-release.ts'

const stagedR1 = prepareReleases([], 'r1')

async function column(database: TestDatabase, query: string): Promise<unknown[]> {
  const found = await database.pool.query({ text: query, rowMode: 'array' })
  return found.rows.map((row: unknown[]) => row[0])
}

async function stagedVersion(database: TestDatabase): Promise<string | null> {
  return (await readStatus(database.pool)).slots.staging.version
}

describe('a stage that goes well', () => {
  test('fills the staging slot and nothing else', async () => {
    const database = await createTestDatabase()
    const outcome = await stageRelease(database.pool, stageRequest('releases/r1'))
    expect(outcome).toMatchObject({
      outcome: 'staged',
      rows: { schemas: 2, tables: 6, columns: 35, keys: 7, key_columns: 7 },
      described: { schemas: 1, tables: 1, columns: 3, keys: 0, key_columns: 0 },
    })
    const { slots } = await readStatus(database.pool)
    expect(slots.staging).toMatchObject({ version: 'releases/r1', schemas: ['survey'], stagedBy: 'tester' })
    expect(slots.staging.source).toEqual(stageRequest('releases/r1').source)
    // Both count the same: all rows, and those of the release.
    expect(slots.staging).toMatchObject(
      outcome.outcome === 'staged' ? { rows: outcome.rows, described: outcome.described } : {},
    )
    expect(slots.live.exists).toBe(false)
    expect(slots.previous.exists).toBe(false)
  })

  test('gives the tables their standard names as views, and Repertoire its version', async () => {
    const database = await createTestDatabase()
    await stageRelease(database.pool, stageRequest('releases/r1'))
    expect(
      await column(database, 'select table_name from tap_schema_staging.tables where schema_name = $$survey$$'),
    ).toEqual(['survey.object'])
    const version = await database.pool.query('select * from tap_schema_staging.version')
    expect(version.rows).toEqual([{ version: 'releases/r1', loaded_at: expect.any(Date) }])
  })

  test('without a postfix there are tables under the plain names and no views of them', async () => {
    const database = await createTestDatabase()
    await stageRelease(database.pool, stageRequest('releases/r1', { options: PLAIN }))
    const relations = await database.pool.query(
      `select relname, relkind from pg_class where relnamespace = 'tap_schema_staging'::regnamespace and relkind in ('r', 'v') order by 1`,
    )
    expect(relations.rows.map(({ relname, relkind }) => `${relkind} ${relname}`)).toEqual([
      'r columns',
      'r key_columns',
      'r keys',
      'r schemas',
      'r tables',
      'v version',
      'r versions',
    ])
  })

  test('carries texts with every character that COPY treats specially', async () => {
    const database = await createTestDatabase()
    const odd = 'tab\\t, newline\\n, return\\r, backslash \\\\ and \\\\N and \\\\., umlaut ä, emoji 🔭'
    const yaml = `name: survey\ntables:\n- name: object\n  description: "${odd}"\n  columns:\n  - {name: a, datatype: int}\n`
    await stageRelease(database.pool, stageRequest('r1', { files: new Map([['survey.yaml', yaml]]) }))
    const [description] = await column(
      database,
      `select description from tap_schema_staging.tables where table_name = 'survey.object'`,
    )
    expect(description).toBe('tab\t, newline\n, return\r, backslash \\ and \\N and \\., umlaut ä, emoji 🔭')
  })

  test('replaces what was staged before, also schemas that the list no longer has', async () => {
    const database = await createTestDatabase()
    const files = new Map([
      ['one.yaml', sampleSchema('one')],
      ['two.yaml', sampleSchema('two')],
    ])
    await stageRelease(database.pool, stageRequest('r1', { files }))
    await stageRelease(database.pool, stageRequest('r2', { files, schemas: ['two'] }))
    const status = await readStatus(database.pool)
    expect(status.slots.staging.schemas).toEqual(['two'])
    expect(status.history.map(({ action, version, replaced }) => ({ action, version, replaced }))).toEqual([
      { action: 'staged', version: 'r2', replaced: 'r1' },
      { action: 'staged', version: 'r1', replaced: null },
    ])
  })

  test('numbers the schemas in the order of the list', async () => {
    const database = await createTestDatabase()
    const files = new Map([
      ['one.yaml', sampleSchema('one')],
      ['two.yaml', sampleSchema('two')],
    ])
    await stageRelease(database.pool, stageRequest('r1', { files, schemas: ['two', 'one'] }))
    const rows = await database.pool.query(
      `select schema_name, schema_index from tap_schema_staging.schemas where schema_name <> 'tap_schema' order by 2`,
    )
    expect(rows.rows).toEqual([
      { schema_name: 'two', schema_index: 1 },
      { schema_name: 'one', schema_index: 2 },
    ])
  })

  test('a half-made staging slot is swept away', async () => {
    const database = await createTestDatabase()
    await database.pool.query(
      'create schema tap_schema_staging; create table tap_schema_staging.schemas11 (a int); alter schema tap_schema_staging owner to almagest_stager; alter table tap_schema_staging.schemas11 owner to almagest_stager',
    )
    await stageRelease(database.pool, stageRequest('r1'))
    expect(await stagedVersion(database)).toBe('r1')
  })

  test('a copy that somebody keeps beside tables without a postfix is not dropped with them', async () => {
    const database = await createTestDatabase()
    await stageRelease(database.pool, stageRequest('releases/r1', { options: PLAIN }))
    await database.pool.query('create table tap_schema_staging.tables_old as select 42 as answer')
    const outcome = await stageRelease(database.pool, stageRequest('releases/r2', { options: PLAIN }))
    expect(outcome).toMatchObject({ outcome: 'staged', warnings: [{ code: 'set_aside' }] })
    const [aside] = await column(
      database,
      `select nspname from pg_namespace where nspname like 'tap_schema_staging_aside_%'`,
    )
    expect(await column(database, `select answer from "${aside}".tables_old`)).toEqual([42])
  })

  test('a foreign schema under the staging name is set aside whole, and said so', async () => {
    const database = await createTestDatabase()
    await database.pool.query(
      'create schema tap_schema_staging; create table tap_schema_staging.diary as select 42 as answer',
    )
    const outcome = await stageRelease(database.pool, stageRequest('r1'))
    expect(outcome).toMatchObject({ outcome: 'staged', warnings: [{ code: 'set_aside' }] })
    const [aside] = await column(
      database,
      `select nspname from pg_namespace where nspname like 'tap_schema_staging_aside_%'`,
    )
    expect(await column(database, `select answer from "${aside}".diary`)).toEqual([42])
  })
})

describe('a release that cannot be loaded', () => {
  test('is rejected with all problems before the database is touched', async () => {
    const database = await createTestDatabase()
    await stageRelease(database.pool, stageRequest('good'))
    const files = new Map([
      ['survey.yaml', sampleSchema('survey')],
      [
        'long.yaml',
        `name: long\ndescription: ${'x'.repeat(513)}\ntables:\n- name: ${'t'.repeat(128)}\n  columns:\n  - {name: a, datatype: int}\n`,
      ],
      ['empty.yaml', 'name: empty\ntables: []\n'],
    ])
    const request = stageRequest('bad', { files, schemas: ['survey', 'long', 'empty', 'absent', 'survy'] })
    const error = await stageRelease(database.pool, request).catch((error) => error)
    expect(error.problems.filter(({ suggestion }: { suggestion?: string }) => suggestion === 'survey')).toMatchObject([
      { file: 'survy.yaml', code: 'schema_missing' },
    ])
    expect(error).toMatchObject({ code: 'rejected', permanent: true })
    expect(error.problems.map(({ file, code }: { file: string; code: string }) => `${file} ${code}`).sort()).toEqual([
      'absent.yaml schema_missing',
      'empty.yaml empty',
      'long.yaml row_text_too_long',
      'long.yaml row_text_too_long',
      'survy.yaml schema_missing',
    ])
    expect(error.problems.find(({ code }: { code: string }) => code === 'schema_missing').message).toContain(
      'empty, long, survey',
    )
    expect(error.problems.find(({ code }: { code: string }) => code === 'empty')).toMatchObject({
      line: 2,
      path: 'tables',
    })
    expect(await stagedVersion(database)).toBe('good')
    expect((await readStatus(database.pool)).history).toHaveLength(1)
  })
})

describe('deliveries', () => {
  test('the same upload twice is staged once', async () => {
    const database = await stagedR1()
    await stageRelease(database.pool, stageRequest('r2'))
    const again = await stageRelease(database.pool, stageRequest('r1'))
    expect(again).toMatchObject({ outcome: 'unchanged' })
    expect(await stagedVersion(database)).toBe('r2')
  })

  test('an older upload of a version never replaces a newer one, by number and not by text', async () => {
    const database = await createTestDatabase()
    const upload = (generation: string) => ({ source: { ...stageRequest('main').source, generation } })
    await stageRelease(database.pool, stageRequest('main', upload('10000')))
    const late = await stageRelease(database.pool, stageRequest('main', upload('9999')))
    expect(late).toMatchObject({ outcome: 'superseded' })
    const newer = await stageRelease(database.pool, stageRequest('main', upload('10001')))
    expect(newer).toMatchObject({ outcome: 'staged' })
  })

  test('two deliveries at once are staged once', async () => {
    const database = await createTestDatabase()
    const outcomes = await Promise.all([1, 2, 3].map(() => stageRelease(database.pool, stageRequest('r1'))))
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['staged', 'unchanged', 'unchanged'])
    expect((await readStatus(database.pool)).history).toHaveLength(1)
  })

  test('an operator can stage an upload again', async () => {
    const database = await stagedR1()
    await stageRelease(database.pool, stageRequest('r2'))
    const again = await stageRelease(database.pool, stageRequest('r1', { redelivery: 'restage' }))
    expect(again).toMatchObject({ outcome: 'staged' })
    expect(await stagedVersion(database)).toBe('r1')
  })
})

describe('what stands in the way', () => {
  test('a view over the staging slot makes a stage refuse, and is named', async () => {
    const database = await stagedR1()
    await database.pool.query('create schema site; create view site.preview as select * from tap_schema_staging.tables')
    const error = await stageRelease(database.pool, stageRequest('r2')).catch((error) => error)
    expect(error).toMatchObject({ code: 'dependent_objects', objects: ['view site.preview'], permanent: false })
    expect(await stagedVersion(database)).toBe('r1')
  })

  test('a database that was never prepared says what to do', async () => {
    const database = await createTestDatabase({ initialised: false })
    const login = await database.createLogin()
    const error = await stageRelease(database.poolAs(login), stageRequest('r1')).catch((error) => error)
    expect(['not_initialised', 'missing_role']).toContain(error.code)
    expect(error.message).toContain('almagest init')
  })

  test('a login outside the roles is refused', async () => {
    const database = await createTestDatabase()
    const login = await database.createLogin()
    await expect(stageRelease(database.poolAs(login), stageRequest('r1'))).rejects.toMatchObject({
      code: 'missing_role',
    })
  })

  test('a reader that does not exist is named, and the former staging stays', async () => {
    const database = await stagedR1()
    const error = await stageRelease(database.pool, stageRequest('r2', { readers: ['no_such_reader'] })).catch(
      (error) => error,
    )
    expect(error).toMatchObject({ code: 'missing_role', message: expect.stringContaining('no_such_reader') })
    expect(await stagedVersion(database)).toBe('r1')
  })

  test.each(['53100', '53200', '57014', '58030'])(
    'a server error %s in the middle changes nothing and can be tried again',
    async (state) => {
      const database = await stagedR1()
      await database.pool.query(`
      create function public.fail() returns event_trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = '${state}'; end $$;
      create event trigger full_disk on ddl_command_end when tag in ('CREATE VIEW') execute function public.fail()`)
      const error = await stageRelease(database.pool, stageRequest('r2')).catch((error) => error)
      expect(error).toMatchObject({ code: 'database', permanent: false, sqlState: state })
      expect(await stagedVersion(database)).toBe('r1')
      await database.pool.query('drop event trigger full_disk')
      expect(await stageRelease(database.pool, stageRequest('r2'))).toMatchObject({ outcome: 'staged' })
    },
  )

  test('a connection lost at any step leaves the former staging whole, and the next try succeeds', async () => {
    const database = await createTestDatabase()
    await stageRelease(database.pool, stageRequest('before'))
    const counting = poolDyingAt(database.pool, database.pool, Number.POSITIVE_INFINITY)
    await stageRelease(counting.pool, stageRequest('count'))
    await stageRelease(database.pool, stageRequest('before', { redelivery: 'restage' }))
    expect(counting.steps()).toBeGreaterThan(10)
    const { first, by } = everyNth(3)
    for (let step = first; step <= counting.steps(); step += by) {
      const dying = poolDyingAt(database.pool, database.pool, step)
      const error = await stageRelease(dying.pool, stageRequest(`step-${step}`)).catch((error) => error)
      expect(error, `step ${step}`).toMatchObject({ code: 'database', permanent: false })
      expect(await stagedVersion(database), `step ${step}`).toBe('before')
    }
    expect(await stageRelease(database.pool, stageRequest('after'))).toMatchObject({ outcome: 'staged' })
    const { history } = await readStatus(database.pool)
    expect(history.map(({ version }) => version)).toEqual(['after', 'before', 'count', 'before'])
  })

  test('options that differ from the deployed ones take effect', async () => {
    const database = await createTestDatabase()
    const options = { ...DEPLOYED, postfix: '_x', extensions: false, firstSchemaIndex: 0 }
    await stageRelease(database.pool, stageRequest('r1', { options }))
    expect(
      await column(database, `select schema_index from tap_schema_staging.schemas_x where schema_name = 'survey'`),
    ).toEqual([0])
    expect(
      await column(
        database,
        `select count(*)::int from information_schema.columns where table_schema = 'tap_schema_staging' and table_name = 'schemas_x'`,
      ),
    ).toEqual([4])
  })
})
