import { afterAll, onTestFinished } from 'vitest'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'
import { stageRequest } from './sample-release.ts'

/**
 * Makes databases that all begin where `prepare` ends: it runs once in a file, and what it made is copied for each caller.
 * To be called outside of tests.
 */
export function prepareDatabase(
  prepare: (database: TestDatabase) => Promise<unknown>,
  options: { readonly initialised?: boolean } = {},
): () => Promise<TestDatabase> {
  let made: Promise<TestDatabase> | undefined
  const make = async () => {
    const database = await createTestDatabase({ ...options, keep: true })
    await prepare(database)
    await database.disconnect()
    return database
  }
  afterAll(async () => (await made)?.drop())
  return async () => {
    made ??= make()
    return createTestDatabase({ copyOf: (await made).name })
  }
}

/** Databases in which the versions went live one after the other, and one more may be staged. */
export function prepareReleases(live: readonly string[], staged?: string): () => Promise<TestDatabase> {
  return prepareDatabase(async ({ pool }) => {
    for (const version of live) {
      await stageRelease(pool, stageRequest(version))
      await swap(pool, { expectedVersion: version, actor: 'tester' })
    }
    if (staged !== undefined) await stageRelease(pool, stageRequest(staged))
  })
}

/**
 * Initialised databases for tests that leave nothing behind but slots, other schemas and a history: when one test has
 * finished, all that is cleared away for the next, in less time than a database and its connections are made. To be called
 * outside of tests.
 */
export function reuseDatabases(): () => Promise<TestDatabase> {
  const made: TestDatabase[] = []
  const free: TestDatabase[] = []
  afterAll(() => Promise.all(made.map((database) => database.drop())))
  const make = async () => {
    const database = await createTestDatabase({ keep: true })
    made.push(database)
    return database
  }
  return async () => {
    const database = free.pop() ?? (await make())
    onTestFinished(async () => {
      await database.pool.query(CLEAR)
      free.push(database)
    })
    return database
  }
}

/** What is still in use would be waited for in vain: the test that left it open fails. */
const CLEAR = `
  set lock_timeout = '20s';
  do $$ declare schema text; begin
    for schema in select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$|public$|almagest$)' loop
      execute format('drop schema %I cascade', schema);
    end loop;
  end $$;
  truncate almagest.history restart identity;
  reset lock_timeout`
