import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { UWS_DDL } from '../../shared/uws/ddl.ts'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let file = ''

beforeAll(async () => {
  database = await createTestDatabase({ keep: true })
  await database.pool.query(UWS_DDL)
  file = join(await mkdtemp(join(tmpdir(), 'almagest-notifications-')), 'environment.yaml')
  const jobs = `{bucket: results, topic: projects/demo/topics/queries, databaseUrl: "${database.url}"}`
  const server = (name: string, more: string) =>
    `    ${name}: {databaseUrl: "postgresql://h/${name}", schemas: [s], service: {url: "https://h/${name}"${more}}}\n`
  const servers = server('tap', `, jobs: ${jobs}`) + server('ssotap', `, jobs: ${jobs}`) + server('none', '')
  await writeFile(file, `baseHostname: h\ntap:\n  servers:\n${servers}`)
  return () => database.drop()
})

const notifications = (...args: readonly string[]) => callAlmagest(['notifications', ...args])

test('are made, listed and removed, on every server with jobs or on one', async () => {
  const made = await notifications('create', file, 'Closed on Monday.', '--days', '3', '--json')
  expect(made.json()).toMatchObject([
    { server: 'tap', recipient: null, kind: 'maintenance', message: 'Closed on Monday.' },
    { server: 'ssotap', recipient: null },
  ])
  const one = await notifications('create', file, 'Ready.', '--server', 'tap', '--user', 'ann', '--kind', 'tables')
  expect(one.stdout).toMatch(/tap +ann +tables .*Ready\./)
  expect((await notifications('list', file, '--json')).json()).toHaveLength(3)
  const [{ id }] = made.json() as [{ id: string }]
  expect((await notifications('remove', file, id, '--server', 'ssotap')).code).toBe(1)
  expect(await notifications('remove', file, id)).toMatchObject({ code: 0, stdout: 'removed from tap\n' })
  expect((await notifications('list', file, '--server', 'tap', '--json')).json()).toMatchObject([{ message: 'Ready.' }])
  expect(await notifications('remove', file, 'x')).toMatchObject({ code: 1, stdout: 'there is no notification x\n' })
})

test.each([
  [['create', 'FILE', ' '], 2, 'must not be empty'],
  [['create', 'FILE', 'x', '--days', '0'], 2, 'from 1 to 365'],
  [['create', 'FILE', 'x', '--kind', 'A b'], 2, 'a word of a-z'],
  [['list', 'FILE', '--server', 'tab'], 2, 'did you mean tap?'],
  [['list', 'FILE', '--server', 'none'], 2, 'there are tap, ssotap'],
  [['list', '/nowhere.yaml'], 1, 'nowhere.yaml'],
])('%j is refused', async (args, code, says) => {
  const refused = await notifications(...args.map((arg) => (arg === 'FILE' ? file : arg)))
  expect({ code: refused.code, stderr: refused.stderr }).toEqual({ code, stderr: expect.stringContaining(says) })
})
