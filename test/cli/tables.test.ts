import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startUserTables, tokenOf, type UserTablesUnderTest } from '../functions/user-tables-service.ts'
import { callAlmagest } from '../support/call-command.ts'

let service: UserTablesUnderTest
let file = ''

beforeAll(async () => {
  service = await startUserTables()
  file = join(await mkdtemp(join(tmpdir(), 'almagest-tables-')), 'targets.csv')
  await writeFile(file, 'object_id,note\n1,a\n2,b\n')
})
afterAll(() => service.jobs.stop())

const as = (user: string, ...args: readonly string[]) =>
  callAlmagest(['tables', ...args, '--url', service.jobs.tap.url, '--token', tokenOf(user)])

test('tables are created, loaded, listed, shared and dropped on the command line', async () => {
  expect(await as('ann', 'create', 'targets', file)).toMatchObject({
    code: 0,
    stdout: 'user_ann.targets is created, with 2 rows\n',
  })
  const adql =
    'SELECT t.note, o.object_id FROM user_ann.targets AS t JOIN survey.object AS o ON o.object_id = t.object_id'
  expect(await as('ann', 'save', 'kept', adql, '--maxrec', '1')).toMatchObject({
    code: 0,
    stdout: 'user_ann.kept is created, with 1 rows\n',
  })
  expect((await as('ann', 'save', 'kept', adql)).stderr).toContain('there is a table user_ann.kept already')
  expect((await as('ann', 'save', 'again', '--job', 'x')).stderr).toContain('there is no job')
  expect((await as('ann', 'save', 'again')).stderr).toContain('--job')
  expect(await as('ann', 'drop', 'kept')).toMatchObject({ code: 0 })
  expect(await as('ann', 'load', 'targets', file)).toMatchObject({ code: 0, stdout: 'targets has 2 rows more\n' })
  expect((await as('dan', 'list')).stdout).toBe('there are no tables\n')
  expect(await as('ann', 'share', 'targets', '--user', 'dan')).toMatchObject({ stdout: 'targets: dan may read it\n' })
  const until = ['--until', '2999-01-01', '--write', '--group', 'astro']
  expect(await as('ann', 'share', 'targets', ...until)).toMatchObject({
    stdout: 'targets: the group astro may read it and load it until 2999-01-01\n',
  })
  expect((await as('dan', 'list', '--json')).json()).toMatchObject([
    { table: 'user_ann.targets', owner: 'ann', rows: 4 },
  ])
  expect((await as('ann', 'list')).stdout).toContain('user_ann.targets')
  expect((await as('dan', 'drop', 'user_ann.targets')).stderr).toContain('not in your own schema')
  expect(await as('ann', 'index', 'targets', 'note')).toMatchObject({ stdout: 'targets has an index on note\n' })
  expect((await as('ann', 'index', 'targets', 'note', '--unique')).stderr).toContain('values that come twice')
  expect((await as('ann', 'index', 'targets', 'nothing')).stderr).toContain('has no column')
  expect(await as('ann', 'describe', 'targets', '--description', 'mine & yours')).toMatchObject({ code: 0 })
  expect(await as('ann', 'describe', 'targets', '--column', 'note', '--ucd', 'meta.note')).toMatchObject({ code: 0 })
  expect((await as('ann', 'list')).stdout).toContain('mine & yours')
  const groups = (...args: readonly string[]) =>
    callAlmagest(['groups', ...args, '--url', service.jobs.tap.url, '--token', tokenOf('ann')])
  expect(await groups('create', 'friends', 'eve', '--description', 'all')).toMatchObject({
    stdout: 'ann/friends is made: eve\n',
  })
  expect(await groups('add', 'friends', 'gil')).toMatchObject({ stdout: 'gil: now in ann/friends\n' })
  expect(await groups('remove', 'friends', 'gil')).toMatchObject({ stdout: 'gil: no longer in ann/friends\n' })
  expect((await groups('list')).stdout).toMatch(/ann\/friends +eve +all/)
  expect(await as('ann', 'share', 'targets', '--group', 'ann/friends')).toMatchObject({ code: 0 })
  expect((await as('eve', 'list')).stdout).toContain('user_ann.targets')
  expect(await groups('drop', 'friends')).toMatchObject({ stdout: 'friends is dropped\n' })
  expect((await as('eve', 'list')).stdout).toBe('there are no tables\n')
  expect((await as('ann', 'describe', 'targets', '--ucd', 'meta.note')).stderr).toContain('--column')
  expect(await as('ann', 'drop', 'targets')).toMatchObject({ code: 0, stdout: 'targets is dropped\n' })
  expect((await as('ann', 'drop', 'targets')).stderr).toContain('there is no table user_ann.targets')
  expect((await as('ann', 'share', 'targets')).stderr).toContain('say with whom')
  expect((await as('ann', 'create', 'x', '/nowhere.csv')).stderr).toContain('nowhere.csv')
})
