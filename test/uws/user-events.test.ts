import { expect, test, vi } from 'vitest'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { noteChange } from '../../shared/user-tables/change-tables.ts'
import { initialiseUserTables } from '../../shared/user-tables/ddl.ts'
import { noteLogin } from '../../shared/uws/note-login.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { makeJob, uploadOf } from './make-job.ts'

test('what jobs, logins and tables say of a user is committed in the order of its numbers', async () => {
  const database = await createTestDatabase()
  const { pool } = database
  const login = await database.createLogin()
  await initialiseDatabase(pool, { prepareMore: (client) => initialiseUserTables(client, [login]) })
  const client = await pool.connect()
  const waiting = async () =>
    (
      await pool.query(
        `select from pg_locks where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())`,
      )
    ).rowCount
  try {
    await client.query('begin')
    await noteChange(client, 'TABLE_CREATED', { server: 'tap', owner: 'ann', id: 't1', name: 'mine' })
    const others = [
      makeJob(pool, { owner: 'ann', uploads: [uploadOf(7)] }),
      noteLogin(pool, 'tap', 'ann', 60),
      // Somebody else waits for nobody.
      makeJob(pool, { owner: 'bob', uploads: [uploadOf(7)] }),
    ]
    await others[2]
    await vi.waitFor(async () => expect(await waiting()).toBe(2))
    await client.query('commit')
    await Promise.all(others)
  } finally {
    client.release()
  }
  const { rows } = await pool.query(
    `select kind, data ? 'tables' as of_tables from uws.event where item = 'ann' order by sequence`,
  )
  expect(rows[0]).toEqual({ kind: 'QUOTA_UPDATED', of_tables: true })
  expect(rows.map(({ kind }) => kind).sort()).toEqual(['LOGIN', 'QUOTA_UPDATED', 'QUOTA_UPDATED'])
})
