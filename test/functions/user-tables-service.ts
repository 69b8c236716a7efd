import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { initialiseUserTables } from '../../shared/user-tables/ddl.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'
import { tokenUser } from '../support/token-user.ts'
import { type JobsUnderTest, startJobs } from './tap-jobs-service.ts'
import { readAnswer, TABLEDATA, type TapAnswer } from './tap-service.ts'

/** The token of a user: every name is one's. `gil` is in the group `astro`. */
export function tokenOf(user: string): string {
  return Buffer.from(user).toString('base64url')
}

export interface UserTablesUnderTest {
  readonly jobs: JobsUnderTest
  /** The role that queries run as. */
  readonly role: string
  call(user: string | null, method: string, path: string, body?: string | Uint8Array, type?: string): Promise<TapAnswer>
  /** The rows of a sync query, or the message of its error. */
  ask(user: string | null, adql: string): Promise<readonly (readonly (string | null)[])[] | string>
  /** Another release, for the same readers. */
  goLive(version: string): Promise<void>
  create(user: string, name: string, csv: string): Promise<void>
  drop(user: string, ...names: readonly string[]): Promise<void>
}

/** @param more more keys of `query`, flow style, of what is started for it */
export async function startUserTables(
  quotas = '',
  userTables = '{}',
  more: (database: TestDatabase) => Promise<readonly string[]> = async () => [],
): Promise<UserTablesUnderTest> {
  const service = ['access: {type: gafaelfawr}', `userTables: ${userTables}`]
  let role = ''
  const jobs = await startJobs({
    keep: true,
    service,
    jobs: quotas === '' ? [] : [`quotas: ${quotas}`],
    environment: 'discovery: {tokenInfoUrl: "https://data.example.org/token-info"}\n',
    dependencies: {
      async lookUpToken(token) {
        const username = Buffer.from(token, 'base64url').toString()
        return tokenUser(username, [], { groups: username === 'gil' ? ['astro'] : [] })
      },
    },
    async prepare(database, login) {
      role = await database.createLogin()
      service.push(`query: {${[`role: ${role}`, ...(await more(database))].join(', ')}}`)
      const client = await database.pool.connect()
      try {
        await initialiseUserTables(client, [login])
        await client.query(`grant ${role} to ${login}`)
      } finally {
        client.release()
      }
    },
  })
  await letRead(jobs, role)
  const call: UserTablesUnderTest['call'] = (user, method, path, body, type) =>
    jobs.tap.call(method, path, {
      headers: {
        ...(user === null ? {} : { authorization: `Bearer ${tokenOf(user)}` }),
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      ...(body === undefined ? {} : { body }),
    })
  return {
    ...{ jobs, role, call },
    async goLive(version) {
      const { database, login } = jobs.tap
      await stageRelease(database.pool, stageRequest(version, { readers: [login, role] }))
      await swap(database.pool, { expectedVersion: version, actor: 'tester' })
    },
    async ask(user, adql) {
      const form = new URLSearchParams({ LANG: 'ADQL', QUERY: adql, ...TABLEDATA })
      const answer = readAnswer(await call(user, 'GET', `/sync?${form}`))
      return answer.status === 'OK' ? answer.texts : answer.message
    },
    async create(user, name, csv) {
      const { status, text } = await call(user, 'PUT', `/tables/${name}`, csv, 'text/csv')
      if (status !== 200) throw new Error(text)
    },
    async drop(user, ...names) {
      for (const name of names) {
        const { status, text } = await call(user, 'DELETE', `/tables/${name}`)
        if (status !== 200) throw new Error(text)
      }
    },
  }
}

/** The role of queries reads the data and TAP_SCHEMA, and nothing else by itself. */
async function letRead({ tap }: JobsUnderTest, role: string): Promise<void> {
  for (const schema of ['survey', 'tap_schema']) {
    await tap.database.pool.query(
      `grant usage on schema ${schema} to ${role}; grant select on all tables in schema ${schema} to ${role}`,
    )
  }
}
