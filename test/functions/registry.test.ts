import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environmentText } from '../registry/environment.ts'
import { parseXml, type Tree } from '../registry/examples.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { HAS_XSD, NEEDS_XSD, validateXml } from '../support/xsd.ts'
import { goLive, prepareDatabase, type RegistryUnderTest, startRegistry } from './registry-service.ts'

let database: TestDatabase
let login: string
let registry: RegistryUnderTest

const environment = () =>
  environmentText({
    more: `tap: { servers: { main: { schemas: [survey], databaseUrl: "${database.urlAs(login)}" } } }`,
  })

beforeAll(async () => {
  const prepared = await prepareDatabase()
  database = prepared.database
  login = prepared.login
  await goLive(database, 'releases/v1', login)
  registry = await startRegistry(environment())
})
afterAll(async () => {
  registry?.stop()
  await database?.drop()
})

async function ask(query: string): Promise<Tree> {
  const { status, text } = await registry.ask(query)
  expect(status).toBe(200)
  if (HAS_XSD) await validateXml(text)
  return parseXml(text)
}

describe(`the function${NEEDS_XSD}`, () => {
  test('identifies itself', async () => {
    const identify = (await ask('verb=Identify')).children[2]
    expect(identify?.children.map(({ name }) => name)).toContain('description')
  })
})
