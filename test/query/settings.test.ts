import { describe, expect, test } from 'vitest'
import { cellsOf, prepareQueries, readAll, request } from './query-stage.ts'

/** Settings of a database or a login that would change what a query means, or end it. */
const SETTINGS = [
  ['datestyle', 'German'],
  ['timezone', 'Asia/Kathmandu'],
  ['standard_conforming_strings', 'off'],
  ['extra_float_digits', '-15'],
  ['client_encoding', 'LATIN1'],
  ['search_path', 'evil, public'],
  ['default_transaction_isolation', 'serializable'],
  ['default_transaction_read_only', 'on'],
  ['statement_timeout', '40ms'],
  ['lock_timeout', '1ms'],
  ['idle_in_transaction_session_timeout', '5ms'],
  ['transaction_timeout', '60ms'],
  ['client_min_messages', 'debug1'],
] as const

describe('whatever a database has as its settings', () => {
  test.each(SETTINGS)('a query means the same with %s = %s', async (name, value) => {
    const { database, service } = await prepareQueries()
    await service.start(request('SELECT ra FROM survey.object', { maxRows: 0 })).then(readAll)
    // An own function of the name of one that the query calls, and an operator that fits better.
    await database.pool.query(`create schema evil; grant usage on schema evil to public;
      create function evil.abs(float8) returns float8 language sql as 'select -1::float8'`)
    const stage = await reconnect(database, name, value)
    const asked = `
      SELECT COUNT(*) AS n, MIN('back\\slash ü') AS t, MAX(CAST('2020-01-02T03:04:05' AS TIMESTAMP)) AS s, ABS(MIN(dec)) AS d
        FROM survey.object AS a, (SELECT TOP 300 object_id FROM survey.object) AS b WHERE a.dec < -45`
    const [row] = cellsOf(await readAll(await stage.start(request(asked))))
    const [n, text, time, latitude] = row!
    expect([n!.readBigInt64BE(), String(text), String(time), latitude!.readDoubleBE()]).toEqual([
      75_000n,
      'back\\slash ü',
      '2020-01-02T03:04:05',
      90,
    ])
    await expect(stage.start(request('SELECT 1 / (object_id - object_id) AS x FROM survey.object'))).rejects.toThrow(
      'The query divides by zero.',
    )

    async function reconnect(of: typeof database, setting: string, to: string) {
      const { login, liveTables } = await prepareQueries({ database: of })
      return { login, liveTables, setting, to } as never
    }
  })
})
