import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import type { Finding } from '../../shared/tables/compare-tables.ts'
import { createTables } from '../../shared/tables/create-tables.ts'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

const SURVEY = `name: survey
tables:
- name: Object
  primaryKey: "#Object.id"
  columns:
  - {name: id, datatype: long}
  - {name: ra, datatype: double, "ivoa:unit": deg, "ivoa:ucd": pos.eq.ra}
  - {name: dec, datatype: double, "ivoa:unit": deg, "ivoa:ucd": pos.eq.dec}
  - {name: seen, datatype: timestamp}
  - {name: label, datatype: string, length: 8}
  - {name: flux, datatype: float}
`

interface Checks {
  readonly checks: readonly { readonly server: string | null; readonly findings: readonly Finding[] }[]
}

let live: TestDatabase
let data: TestDatabase
let reader: string
beforeAll(async () => {
  live = await createTestDatabase({ keep: true })
  data = await createTestDatabase({ keep: true, initialised: false })
  reader = await live.createLogin()
  const files = new Map([['survey.yaml', SURVEY]])
  const options = { ...DEPLOYED, unboundedArraysize: false }
  await stageRelease(live.pool, stageRequest('r1', { files, readers: [reader], options }))
  await swap(live.pool, { expectedVersion: 'r1', actor: 'tester', leaveReadersOut: false })
})
afterAll(async () => {
  await live.drop()
  await data.drop()
})

const { schema } = new FelisLoader(new Map([['survey.yaml', SURVEY]]), DEFAULT_CONTEXT).load('survey.yaml')
const make = (database: TestDatabase, names: 'exact' | 'lower', readers = [reader]) =>
  createTables(database.pool, [schema!], { geometry: 'auto', names, ifNotExists: false, drop: true, readers })

/** `code table.column` of all findings. */
async function check(...args: readonly string[]) {
  const result = await callAlmagest(['check-tables', '--json', ...args])
  const found = result.json<Checks>().checks.flatMap(({ findings }) => findings)
  return {
    ...result,
    found: found.map(({ code, column }) => [code, ...(column === undefined ? [] : [column])].join(' ')),
  }
}

const inOne = (...args: readonly string[]) => check('--database', live.url, ...args)

describe('the tables of one database', () => {
  test('that create-tables has made are right, under both spellings', async () => {
    await make(live, 'exact')
    expect(await inOne()).toMatchObject({ code: 0, found: [] })
    const lower = await inOne('--names', 'lower')
    expect(lower).toMatchObject({ code: 1, found: ['missing_table'] })
    expect(lower.stdout).toContain(
      'there is no table survey.object (did you mean survey.\\"Object\\"; names: exact fits?)',
    )
  })

  test('are reported with all that is wrong, for people too', async () => {
    await make(live, 'exact')
    await live.pool.query(`
      alter table survey."Object" rename flux to fluxx;
      alter table survey."Object" alter seen type text, alter label type varchar(99), alter id type int;
      alter table survey."Object" drop constraint "Object_pkey";
      drop index survey."Object_ra_dec_position"`)
    const { code, found } = await inOne()
    expect(code).toBe(1)
    expect(found.sort()).toEqual([
      'longer_text label',
      'missing_column flux',
      'not_indexed id',
      'slow_position dec',
      'wrong_type seen',
    ])
    const { stdout } = await callAlmagest(['check-tables', '--database', live.url])
    expect(stdout).toMatch(
      /error +survey\.Object +flux +survey\."Object" has no column flux \(did you mean fluxx\?\)\n/,
    )
    expect(stdout).toMatch(/it is char\[\*\] \(timestamp\) in TAP_SCHEMA, and text in the table\n/)
    expect(stdout).toMatch(/\n2 errors, 3 warnings\n$/)
  })

  test('that readers cannot read are reported by role, wholly or by column', async () => {
    await make(live, 'exact', [])
    await live.pool.query(`grant usage on schema survey to ${reader}`)
    const { stdout, found } = await inOne()
    expect(found).toEqual(['not_readable'])
    expect(stdout).toContain(`${reader} cannot read the table`)
    await live.pool.query(`grant select (id, ra, dec, seen, label) on survey."Object" to ${reader}`)
    expect((await inOne()).stdout).toContain(`${reader} cannot read the columns flux`)
    const unknown = await callAlmagest(['check-tables', '--json', '--database', live.url, '--reader', 'nobody_here'])
    expect(unknown.json()).toMatchObject({ error: { code: 'role_missing' } })
  })

  test('may be views: their positions are found by the indexes below', async () => {
    await make(live, 'exact')
    await live.pool.query(
      `alter table survey."Object" set schema public; create view survey."Object" as select * from public."Object"`,
    )
    await live.pool.query(`grant select on survey."Object" to ${reader}`)
    expect((await inOne()).found).toEqual([])
    await live.pool.query('drop index "Object_ra_dec_position"')
    expect((await inOne()).found).toEqual(['slow_position dec'])
    await live.pool.query('drop table public."Object" cascade')
  })
})

describe('the servers of an environment', () => {
  const environment = async (service: string) => {
    const file = `tap:\n  servers:\n    tap: {databaseUrl: '${live.url}', schemas: [survey]${service}}\n`
    return join(await writeFolder({ 'environment.yaml': file }), 'environment.yaml')
  }

  test('are checked in the database of their service, with its names and its role', async () => {
    await make(data, 'lower')
    await data.pool.query(
      'alter table survey.object rename to object_v2; alter table survey.object_v2 rename dec to decl',
    )
    const names = 'names: {exceptions: {survey.Object: object_v2, survey.Object.dec: decl}}'
    const query = `query: {databaseUrl: '${data.url}', role: ${reader}}`
    const file = await environment(`, service: {url: 'https://x.example/tap', ${names}, ${query}}`)
    expect(await check('--environment', file)).toMatchObject({ code: 0, found: [] })
    await data.pool.query(`revoke select on survey.object_v2 from ${reader}`)
    expect((await check('--environment', file, '--server', 'tap')).found).toEqual(['not_readable'])
    await data.pool.query(`revoke usage on schema survey from ${reader}`)
    expect((await check('--environment', file)).found).toEqual(['not_readable'])
  })

  test('without a service must be named', async () => {
    const file = await environment('')
    const { code, stdout } = await callAlmagest(['check-tables', '--json', '--environment', file])
    expect(code).toBe(2)
    expect(stdout).toContain('has a service: name one with --server')
    await make(live, 'lower')
    expect((await check('--environment', file, '--server', 'tap', '--reader', reader)).found).toEqual([])
    for (const wrong of [
      ['--names', 'lower'],
      ['--database', live.url],
    ]) {
      expect((await callAlmagest(['check-tables', '--environment', file, ...wrong])).code).toBe(2)
    }
  })
})
