import { spawnSync } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { type Changes, environmentText } from '../registry/environment.ts'
import { callAlmagest } from '../support/call-command.ts'
import { DATA } from '../support/golden.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'
import { HAS_XSD } from '../support/xsd.ts'

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

describe('what is published', () => {
  async function prepared(changes: Changes = {}) {
    const database = await createTestDatabase()
    const init = await callAlmagest([
      'init',
      '--database',
      database.url,
      '--registry-user',
      await database.createLogin(),
    ])
    expect(init).toMatchObject({ code: 0, stdout: expect.stringMatching(/may publish records: login_\w+/) })
    const more = `tap: { servers: { main: { schemas: [survey], databaseUrl: "${database.url}" } } }`
    return { database, file: await environmentFile({ more, ...changes }), more }
  }

  test('refresh publishes what has changed, once; history says what is published', async () => {
    const { file, more } = await prepared()
    const tried = await callAlmagest(['registry', 'refresh', '--dry-run', file])
    expect(tried).toMatchObject({ code: 0, stdout: expect.stringContaining('4 records would be published; nothing') })
    const first = await callAlmagest(['registry', 'refresh', file])
    expect(first.stdout).toContain('new       ivo://o.example/tap\n4 records published')
    expect((await callAlmagest(['registry', 'refresh', file])).stdout).toBe('no record has changed\n')
    const without = await environmentFile({
      more,
      registry: '  entries: { "ivo://o.example/tap": { publish: false } }',
    })
    const removed = await callAlmagest(['registry', 'refresh', '--json', without])
    expect(removed.json()).toMatchObject({ added: [], changed: [], deleted: ['ivo://o.example/tap'], problems: [] })
    const history = await callAlmagest(['registry', 'history', without])
    expect(history.stdout).toMatch(/Z\s+deleted\s+tap\s+ivo:\/\/o\.example\/tap/)
    expect(history.stdout).toMatch(/Z\s+active\s+registry\s+ivo:\/\/o\.example\/registry/)
  })

  test('what is held back makes the command end with 1', async () => {
    const { file } = await prepared({ subjects: '[]' })
    const { code, stdout, stderr } = await callAlmagest(['registry', 'refresh', file])
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('held back ivo://o.example/tap') })
    expect(stderr).toContain('has no subject')
  })

  test('forget takes an authority that another registry has, and not the own one', async () => {
    const { file } = await prepared()
    await callAlmagest(['registry', 'refresh', file])
    expect(await callAlmagest(['registry', 'forget', file, 'ivo://o.EXAMPLE'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is the authority of this environment'),
    })
    expect(await callAlmagest(['registry', 'forget', file, 'o.example'])).toMatchObject({ code: 2 })
    const none = await callAlmagest(['registry', 'forget', file, 'ivo://other.example'])
    expect(none).toMatchObject({ code: 0, stdout: '0 records forgotten\n' })
  })

  test('a database that init has not prepared for it says so', async () => {
    const { url } = await createTestDatabase()
    const more = `tap: { servers: { main: { schemas: [survey], databaseUrl: "${url}" } } }`
    const { code, stderr } = await callAlmagest(['registry', 'history', await environmentFile({ more })])
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('init') })
  })
})

const XMLLINT = spawnSync('xmllint', ['--version']).status === 0
const WHY = HAS_XSD && XMLLINT ? '' : ' (skipped: it needs xmllint and the XML schemas)'

test.skipIf(WHY !== '')(`validate holds records against an XML schema${WHY}`, async () => {
  const schema = join(DATA, 'xsd/all.xsd')
  const good = await callAlmagest(['registry', 'validate', '--schema', schema, await environmentFile()])
  expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('4 records, fit to be published') })
  const file = await environmentFile({ tap: ', additionalOutputFormats: [{ mime: text/csv, alias: [""] }]' })
  const missing = await callAlmagest(['registry', 'validate', '--schema', '/nowhere.xsd', file])
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('/nowhere.xsd cannot be read') })
  const text = await callAlmagest(['registry', 'validate', '--schema', file, file])
  expect(text).toMatchObject({ code: 1, stderr: expect.stringContaining('xmllint cannot use the XML schema') })
})
