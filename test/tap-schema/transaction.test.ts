import { expect, test } from 'vitest'
import { inTransaction, withSlots } from '../../shared/tap-schema/transaction.ts'
import { createTestDatabase } from '../support/postgres.ts'

const READ_LIMIT = `select setting::int as milliseconds from pg_settings where name = 'idle_in_transaction_session_timeout'`

test('a session that falls silent inside a transaction is ended by the server, with the locks it holds', async () => {
  const { pool } = await createTestDatabase()
  const found = await withSlots(pool, 'testing', 1000, (client) => client.query(READ_LIMIT))
  expect(found.rows).toEqual([{ milliseconds: 15_000 }])
  const silent = inTransaction(pool, 'falling silent', async (client) => {
    await client.query(`create table public.held (); set local idle_in_transaction_session_timeout = '20ms'`)
    await new Promise((ended) => client.once('end', ended))
    await client.query('select 1')
  })
  await expect(silent).rejects.toMatchObject({ code: 'database', permanent: false })
  expect((await pool.query(`select to_regclass('public.held') as held`)).rows).toEqual([{ held: null }])
})

test('the limit ends with the transaction: what else uses the connection keeps its own', async () => {
  const { pool } = await createTestDatabase()
  const before = await pool.query(READ_LIMIT)
  await inTransaction(pool, 'testing', (client) => client.query('select 1'))
  expect((await pool.query(READ_LIMIT)).rows).toEqual(before.rows)
})
