import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { swapByPolicy } from '../../functions/load-release/auto-swap.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { reuseDatabases } from '../support/prepared-database.ts'
import { sampleSchema, stageRequest } from '../support/sample-release.ts'

const emptyDatabase = reuseDatabases()

const actor = 'tester'
const compatible = { swap: 'compatible' } as const

function stage(database: TestDatabase, version: string, columns: readonly string[]) {
  const table = { object: columns.map((name) => ({ name })) }
  const files = new Map([['survey.yaml', sampleSchema('survey', table)]])
  return stageRelease(database.pool, stageRequest(version, { files, redelivery: 'restage' }))
}

async function deploy(database: TestDatabase, version: string, columns: readonly string[]): Promise<void> {
  await stage(database, version, columns)
  await swap(database.pool, { expectedVersion: version, actor })
}

async function versions(database: TestDatabase): Promise<(string | null)[]> {
  const { slots } = await readStatus(database.pool)
  return [slots.live.version, slots.staging.version, slots.previous.version]
}

/** A pool of whose connections each other one, the one that swaps, comes after somebody else did something. */
function interrupted(database: TestDatabase, interfere: () => Promise<unknown>): pg.Pool {
  let connections = 0
  const connect = async () => {
    connections += 1
    if (connections % 2 === 0) await interfere()
    return database.pool.connect()
  }
  return { connect } as unknown as pg.Pool
}

describe('a swap that waits for the verdict "compatible"', () => {
  test('is not made on a verdict about a live slot that is no longer there', async () => {
    const database = await emptyDatabase()
    await deploy(database, 'wide', ['a', 'b'])
    await deploy(database, 'narrow', ['a'])
    await stage(database, 'next', ['a'])
    const operator = () => rollback(database.pool, { expectedVersion: 'wide', actor: 'operator' }).catch(() => {})
    const outcome = await swapByPolicy(interrupted(database, operator), compatible, { expectedVersion: 'next', actor })
    expect(outcome).toEqual({
      outcome: 'waiting',
      reason: '1 breaking changes, the first: column survey.object.b removed',
    })
    expect(await versions(database)).toEqual(['wide', 'next', 'narrow'])
  })

  test('is made after another look, when what is live now allows it', async () => {
    const database = await emptyDatabase()
    await deploy(database, 'one', ['a'])
    await deploy(database, 'two', ['a'])
    await stage(database, 'next', ['a', 'b'])
    let once = false
    const operator = async () => {
      if (!once) await rollback(database.pool, { expectedVersion: 'one', actor: 'operator' })
      once = true
    }
    const outcome = await swapByPolicy(interrupted(database, operator), compatible, { expectedVersion: 'next', actor })
    expect(outcome).toMatchObject({ outcome: 'swapped', swap: { live: 'next', previous: 'one' } })
  })

  test('is made when all that is gone is a foreign key', async () => {
    const database = await emptyDatabase()
    const table = { object: [{ name: 'id', datatype: 'long' }] }
    const key =
      '  constraints: [{name: k, "@type": ForeignKey, columns: ["#object.id"], referencedColumns: ["#object.id"]}]\n'
    const release = (constraints: string) => ({
      files: new Map([['survey.yaml', sampleSchema('survey', table, constraints)]]),
    })
    await stageRelease(database.pool, stageRequest('keyed', release(key)))
    await swap(database.pool, { expectedVersion: 'keyed', actor })
    await stageRelease(database.pool, stageRequest('free', release('')))
    const outcome = await swapByPolicy(database.pool, compatible, { expectedVersion: 'free', actor })
    expect(outcome).toMatchObject({ outcome: 'swapped', swap: { live: 'free', previous: 'keyed' } })
  })

  test.each(['compatible', 'always'] as const)('%s: is not made where it would lock a reader out', async (policy) => {
    const database = await emptyDatabase()
    const reader = await database.createLogin()
    await stageRelease(database.pool, stageRequest('one', { readers: [reader] }))
    await swap(database.pool, { expectedVersion: 'one', actor })
    await stageRelease(database.pool, stageRequest('two', { readers: ['almagest_owner'] }))
    const outcome = await swapByPolicy(database.pool, { swap: policy }, { expectedVersion: 'two', actor })
    const reason = expect.stringContaining(`${reader} would lose read access`)
    expect(outcome).toEqual({ outcome: 'waiting', reason })
    expect(await versions(database)).toEqual(['one', 'two', null])
  })

  test('changes nothing where the release is live already, and is refused where nothing is staged', async () => {
    const database = await emptyDatabase()
    await deploy(database, 'one', ['a'])
    const again = await swapByPolicy(database.pool, compatible, { expectedVersion: 'one', actor })
    expect(again).toMatchObject({ outcome: 'swapped', swap: { outcome: 'unchanged', live: 'one' } })
    const other = swapByPolicy(database.pool, compatible, { expectedVersion: 'two', actor })
    await expect(other).rejects.toMatchObject({ code: 'empty_slot' })
  })

  test('is not made on a verdict about other contents of the same version', async () => {
    const database = await emptyDatabase()
    await deploy(database, 'one', ['a', 'b'])
    await stage(database, 'next', ['a', 'b'])
    const operator = () => stage(database, 'next', ['a'])
    const outcome = await swapByPolicy(interrupted(database, operator), compatible, { expectedVersion: 'next', actor })
    expect(outcome).toMatchObject({ outcome: 'waiting' })
    expect(await versions(database)).toEqual(['one', 'next', null])
  })

  test('is not made on an empty live slot that is filled meanwhile', async () => {
    const database = await emptyDatabase()
    await deploy(database, 'one', ['a', 'b'])
    await database.pool.query('alter schema tap_schema rename to tap_schema_previous')
    await stage(database, 'next', ['a'])
    let once = false
    const operator = async () => {
      if (!once) await rollback(database.pool, { expectedVersion: 'one', actor: 'operator' })
      once = true
    }
    const outcome = await swapByPolicy(interrupted(database, operator), compatible, { expectedVersion: 'next', actor })
    expect(outcome).toMatchObject({ outcome: 'waiting' })
    expect(await versions(database)).toEqual(['one', 'next', null])
  })

  test('is given up for now when the slots change at every look, so that the message comes again', async () => {
    const database = await emptyDatabase()
    await deploy(database, 'one', ['a'])
    await deploy(database, 'two', ['a'])
    await stage(database, 'next', ['a'])
    let other = 'one'
    const operator = async () => {
      const { previous } = await rollback(database.pool, { expectedVersion: other, actor: 'operator' })
      other = previous ?? ''
    }
    const attempt = swapByPolicy(interrupted(database, operator), compatible, { expectedVersion: 'next', actor })
    await expect(attempt).rejects.toMatchObject({ code: 'slot_changed', permanent: false })
    expect(await versions(database)).toEqual(['one', 'next', 'two'])
  })
})
