import { expect, test } from 'vitest'
import { siteFunctions } from '../../shared/adql/functions/site.ts'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { cellsOf, prepareQueries, readAll, request } from './query-stage.ts'

/** Settings of a database that would change what a query means or end it, and what they are in a query. */
const SETTINGS: readonly (readonly [name: string, value: string, inQuery: string])[] = [
  ['datestyle', 'German', 'ISO, DMY'],
  ['timezone', 'Asia/Kathmandu', 'UTC'],
  ['standard_conforming_strings', 'off', 'on'],
  ['extra_float_digits', '-15', '1'],
  ['client_encoding', 'LATIN1', 'UTF8'],
  ['search_path', 'evil, public', '""'],
  ['default_transaction_isolation', 'serializable', 'serializable'],
  ['default_transaction_read_only', 'on', 'on'],
  ['statement_timeout', '30s', expect.stringMatching(/^9\d*ms$|^10s$/)],
  ['lock_timeout', '1ms', '5s'],
  ['idle_in_transaction_session_timeout', '20ms', '15s'],
  ['transaction_timeout', '1min', '0'],
  ['client_min_messages', 'debug1', 'debug1'],
]

/** Shows what a setting is while a query runs. */
const SHOW = siteFunctions([
  {
    ...{ name: 'show_setting', description: 'What a setting is.', sql: 'current_setting($1)', returns: 'TEXT' },
    parameters: [{ name: 'name', type: 'TEXT' }],
  },
])

const ASKED = `
SELECT COUNT(*) AS n, MIN('back\\slash'' OR ü') AS t, MAX(CAST('2020-01-02T03:04:05' AS TIMESTAMP)) AS s, MAX(ABS(a.dec)) AS d
       ${SETTINGS.map(([name]) => `, MIN(show_setting('${name}')) AS x_${name}`).join('')}
  FROM survey.object AS a
 WHERE a.ra < 36`

test('a query means the same whatever the database has as its settings', async () => {
  const { database, service } = await prepareQueries({ functions: STANDARD_FUNCTIONS.with(SHOW) })
  const { rows } = await database.pool.query('select current_database() as name')
  // An own function of the name of one that the query calls, which fits better.
  await database.pool.query(`create schema evil; grant usage on schema evil to public;
    create function evil.abs(float8) returns float8 language sql as 'select -1::float8'`)
  for (const [name, value] of SETTINGS) {
    const list = value.includes(',') ? value : `'${value}'`
    await database.pool.query(`alter database ${rows[0].name} set ${name} = ${list}`)
  }
  const running = await service.start(request(ASKED))
  const [n, text, time, latitude, ...settings] = cellsOf(await readAll(running))[0]!
  expect([n!.readBigInt64BE(), String(text), String(time), latitude!.readDoubleBE()]).toEqual([
    ...[100n, "back\\slash' OR ü", '2020-01-02T03:04:05', 90],
  ])
  expect(settings.map(String)).toEqual(SETTINGS.map(([, , inQuery]) => inQuery))
})
