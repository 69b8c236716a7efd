import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { buildRecords, describeRepository } from '../../shared/registry/build-records.ts'
import { answerOai } from '../../shared/registry/oai/answer.ts'
import type { RegistryRecord } from '../../shared/registry/record.ts'
import { initialiseRegistry } from '../../shared/registry/state/record-table.ts'
import { storeRecords } from '../../shared/registry/state/store-records.ts'
import { readRecords } from '../../shared/registry/state/stored-records.ts'
import { runs } from '../support/effort.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { smallEnvironment } from './environment.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What is in use and cannot be thrown away, in MiB. */
function memoryInUse(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1024 / 1024
}

const COUNT = runs(1_000)
/** Together many times what may be in memory. */
const DESCRIPTION = 'A dataset of many words. '.repeat(700)

/** As many as a large archive has, made one after another as they are asked for. */
function manyRecords(): readonly RegistryRecord[] {
  const [, , , tap] = buildRecords(smallEnvironment(), new Map()).records
  return Array.from({ length: COUNT }, (_, index) => {
    return { ...tap!, ivoid: `ivo://o.example/${String(index).padStart(5, '0')}`, description: DESCRIPTION }
  })
}

test(`${COUNT} records are stored and harvested in flat memory`, async () => {
  const database = await createTestDatabase()
  const client = await database.pool.connect()
  await initialiseRegistry(client, [])
  client.release()
  const records = manyRecords()
  const before = memoryInUse()
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, memoryInUse() - before)
  }, 1000)
  const publication = {
    ...{ records, held: [], isComplete: true, authority: 'ivo://o.example' },
    ...{ environment: 'x', live: {} },
  }
  const { added } = (await storeRecords(database.pool, publication, { before: null }))!
  expect(added).toHaveLength(COUNT)
  const repository = { ...describeRepository(smallEnvironment()), pageSize: COUNT }
  const ask = (pairs: Readonly<Record<string, string>>) =>
    readRecords(database.pool, (source, now) => answerOai(Object.entries(pairs), repository, source, now))
  let found = 0
  let pages = 0
  for (let token: string | undefined = 'none'; token !== undefined && token !== ''; pages += 1) {
    const text: string = await ask(
      pages === 0
        ? { verb: 'ListRecords', metadataPrefix: 'ivo_vor' }
        : { verb: 'ListRecords', resumptionToken: token },
    )
    expect(text.length).toBeLessThan(5 * 1024 * 1024)
    found += text.match(/<header>/g)?.length ?? 0
    token = /<resumptionToken[^>]*>([^<]*)</.exec(text)?.[1]
    most = Math.max(most, memoryInUse() - before)
  }
  expect(found).toBe(COUNT)
  expect(pages).toBeGreaterThan(4)
  const headers = await ask({ verb: 'ListIdentifiers', metadataPrefix: 'oai_dc' })
  expect(headers.match(/<header>/g)).toHaveLength(COUNT)
  clearInterval(watch)
  expect(most).toBeLessThan(40)
})
