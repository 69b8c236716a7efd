import { expect, test } from 'vitest'
import { openUwsJobs } from '../../shared/results/classify/uws-jobs.ts'
import { diffSlots } from '../../shared/tap-schema/diff.ts'
import { readLiveSlot } from '../../shared/tap-schema/live-slot.ts'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { explain } from '../../shared/tap-schema/slot-failures.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { JOB_TABLE } from '../results/config.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sampleSchema, stageRequest } from '../support/sample-release.ts'

/** What a site may have given its database, or the login of a function; what does not touch on each other is tried at once. */
const SETTINGS: readonly (readonly string[])[] = [
  ["datestyle = 'German'", "intervalstyle = 'sql_standard'", "timezone = 'Asia/Kathmandu'", 'search_path = pg_temp'],
  [
    "datestyle = 'SQL, DMY'",
    'standard_conforming_strings = off',
    "bytea_output = 'escape'",
    'extra_float_digits = -15',
  ],
  ["default_transaction_isolation = 'serializable'", 'array_nulls = off', 'quote_all_identifiers = on'],
  ["default_transaction_isolation = 'repeatable read'", "client_encoding = 'LATIN1'", 'row_security = off'],
  ['default_transaction_read_only = on', "client_min_messages = 'debug1'"],
  ['default_transaction_deferrable = on', 'plan_cache_mode = force_generic_plan'],
  ["statement_timeout = '20ms'", "lock_timeout = '1ms'"],
  ["idle_in_transaction_session_timeout = '5ms'", "transaction_timeout = '50ms'"],
]

test.each(SETTINGS.map((settings) => [settings.join(', '), settings] as const))(
  'everything works in a database with %s',
  async (_, settings) => {
    const database = await createTestDatabase({ initialised: false })
    await database.pool.query(JOBS)
    for (const setting of settings) await set(database, setting)
    const pool = database.poolAs('postgres')
    await initialiseDatabase(pool)
    const before = Date.now()
    await stageRelease(pool, requestOf('r1', 1001))
    await swap(pool, { expectedVersion: 'r1', actor: 'tester' })
    const deliveries = [1002, 1003, 1004, 1005].map((generation) => stageRelease(pool, requestOf('r2', generation)))
    const outcomes = await Promise.all(deliveries)
    expect(outcomes.map(({ outcome }) => outcome)).toContain('staged')
    expect((await diffSlots(pool, 'live', 'staging')).breaking).toBe(true)
    await swap(pool, { expectedVersion: 'r2', actor: 'tester' })
    expect(await rollback(pool, { expectedVersion: 'r1', actor: 'tester' })).toMatchObject({
      live: 'r1',
      previous: 'r2',
    })
    const { slots, history } = await readStatus(pool)
    expect(slots.live).toMatchObject({ version: 'r1', schemas: ['größe_r1'], stagedBy: 'tester' })
    expect(history[0]).toMatchObject({ action: 'rolled_back', version: 'r1', replaced: 'r2' })
    for (const time of [slots.live.loadedAt, history[0]!.at]) {
      expect(Date.parse(time!)).toBeGreaterThanOrEqual(before - 1000)
      expect(Date.parse(time!)).toBeLessThanOrEqual(Date.now() + 1000)
    }
    expect(await readLiveSlot(pool, { timeoutMs: 5000 })).toMatchObject({
      version: 'r1',
      loadedAt: slots.live.loadedAt,
      source: requestOf('r1', 1001).source,
      schemas: ['größe_r1'],
    })
    const jobs = openUwsJobs(async () => pool, JOB_TABLE)
    const job = { phase: 'COMPLETED', destruction: Date.parse('2026-11-21T12:00:00.5Z'), deletedByUser: false }
    expect([...(await jobs.find(['abc']))]).toEqual([['abc', job]])
    expect((await jobs.inspect()).newest).toBe(Date.parse('2026-11-14T12:00:00Z'))
  },
)

/** What a sweep asks. */
const JOBS = `
create schema uws;
create table uws.Job (jobID varchar(16) primary key, executionPhase varchar(16) not null, destructionTime timestamp,
                      deletedByUser smallint not null, creationTime timestamp not null);
insert into uws.Job values ('abc', 'COMPLETED', '2026-11-21 12:00:00.5', 0, '2026-11-14 12:00')`

test('settings of a transaction end with it, so that who shares a connection through a pooler keeps its own', async () => {
  const database = await createTestDatabase()
  await set(database, "datestyle = 'German'")
  const pool = database.poolAs('postgres', 1)
  await readStatus(pool)
  const found = await pool.query("select setting from pg_settings where name = 'DateStyle'")
  expect(found.rows).toEqual([{ setting: 'German, DMY' }])
})

test.each([
  ['22023', 'Rolle »almagest_stager« existiert nicht', 'not_initialised'],
  ['42704', 'le rôle « almagest_owner » n’existe pas', 'not_initialised'],
  ['42P01', 'Relation »almagest.history« existiert nicht', 'not_initialised'],
  ['22023', 'Rolle »reader« existiert nicht', 'database'],
])('%s is understood in the language of the server: %s', (code, message, expected) => {
  expect(explain('staging', Object.assign(new Error(message), { code }))).toMatchObject({ code: expected })
})

async function set({ pool, url }: TestDatabase, setting: string): Promise<void> {
  await pool.query(`alter database ${new URL(url).pathname.slice(1)} set ${setting}`)
}

function requestOf(version: string, generation: number) {
  const files = new Map([['survey.yaml', sampleSchema(`größe_${version}`)]])
  const request = stageRequest(version, { files })
  return { ...request, source: { ...request.source, generation: String(generation) } }
}
