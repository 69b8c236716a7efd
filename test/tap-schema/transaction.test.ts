import pg from 'pg'
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

test('a session whose client is gone gives up waiting, and what it holds', async () => {
  const { pool, url } = await createTestDatabase()
  const holder = await pool.connect()
  await holder.query('begin; create table public.wanted (); commit; begin; lock table public.wanted')
  const lost = new pg.Pool({ connectionString: url, max: 1 })
  lost.on('error', () => {})
  const waiting = withSlots(lost, 'waiting', 1000, async (client) => {
    await client.query("set local lock_timeout = 0; set local application_name = 'lost'")
    const ended = client.query('select from public.wanted')
    await expect.poll(isWaiting, { timeout: 60_000, interval: 10 }).toBe(true)
    // As when a process is killed: nothing is said, the connection is closed.
    Object(client).connection.stream.destroy()
    await ended
  })
  const isWaiting = async () => {
    const found = await pool.query(
      "select from pg_stat_activity where application_name = 'lost' and wait_event_type = 'Lock'",
    )
    return found.rows.length > 0
  }
  await expect(waiting).rejects.toMatchObject({ code: 'database' })
  expect(await withSlots(pool, 'next', 10_000, async () => 'has its turn')).toBe('has its turn')
  await holder.query('rollback')
  holder.release()
  await lost.end()
})
