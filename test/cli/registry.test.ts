import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { type Changes, environmentText } from '../registry/environment.ts'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'

async function environmentFile(changes: Changes = {}): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'almagest-registry-')), 'environment.yaml')
  await writeFile(path, environmentText(changes))
  return path
}

test('list says which records there are', async () => {
  const { code, json } = await callAlmagest(['registry', 'list', '--offline', '--json', await environmentFile()])
  expect(code).toBe(0)
  expect(json()).toEqual([
    { kind: 'registry', ivoid: 'ivo://o.example/registry', title: 'R' },
    { kind: 'authority', ivoid: 'ivo://o.example', title: 'O naming authority' },
    { kind: 'organisation', ivoid: 'ivo://o.example/org', title: 'O' },
    { kind: 'tap', ivoid: 'ivo://o.example/tap', title: 'T' },
  ])
})

test('show writes a record with what is live', async () => {
  const database = await createTestDatabase()
  await stageRelease(database.pool, stageRequest('releases/v7'))
  await swap(database.pool, { expectedVersion: 'releases/v7', actor: 'alice' })
  const more = `tap: { servers: { main: { schemas: [survey], databaseUrl: "${database.url}" } } }`
  const { code, stdout } = await callAlmagest([
    'registry',
    'show',
    await environmentFile({ more }),
    'ivo://o.example/tap',
  ])
  expect({ code, first: stdout.split('\n')[0] }).toEqual({ code: 0, first: '<?xml version="1.0" encoding="UTF-8"?>' })
  expect(stdout).toContain('<version>releases/v7</version>')
  expect(stdout).toMatch(/<tableset>[\s\S]*<column std="/)
})

test('show names the record that was meant', async () => {
  const { code, stderr } = await callAlmagest(['registry', 'show', await environmentFile(), 'ivo://o.example/tab'])
  expect(code).toBe(2)
  expect(stderr).toContain('there is no record ivo://o.example/tab: did you mean ivo://o.example/tap?')
})

test('validate ends with 1 if a record must not be published', async () => {
  const good = await callAlmagest(['registry', 'validate', await environmentFile()])
  expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('4 records, fit to be published') })
  const bad = await callAlmagest(['registry', 'validate', '--json', await environmentFile({ adminEmail: 'x' })])
  expect(bad.code).toBe(1)
  expect(bad.json()).toMatchObject({ ok: false, problems: [{ code: 'invalid_value', line: 5, severity: 'error' }] })
})

test('a database that cannot be asked is named, and nothing is listed without it', async () => {
  const more = 'tap: { servers: { main: { schemas: [survey], databaseUrl: "postgresql://nobody@127.0.0.1:9/none" } } }'
  const { code, stdout } = await callAlmagest(['registry', 'list', await environmentFile({ more })])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
})

test('oai answers as harvesters would be answered', async () => {
  const file = await environmentFile()
  const ok = await callAlmagest(['registry', 'oai', file, 'verb=ListIdentifiers', 'metadataPrefix=oai_dc'])
  expect(ok.code).toBe(0)
  expect(ok.stdout.match(/<identifier>/g)).toHaveLength(4)
  expect((await callAlmagest(['registry', 'oai', file, 'Identify'])).code).toBe(2)
})
