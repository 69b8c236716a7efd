import { afterAll } from 'vitest'
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
