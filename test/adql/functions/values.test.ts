import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AdqlError } from '../../../shared/adql/error.ts'
import { parseQuery } from '../../../shared/adql/parse.ts'
import { toQserv } from '../../../shared/adql/qserv.ts'
import { resolveQuery } from '../../../shared/adql/resolve.ts'
import { answer, CREATE_LINES, LINE_TABLES, sqlOn } from '../../support/adql-values.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

function errorOf(make: () => string): AdqlError {
  try {
    throw new Error(`accepted: ${make()}`)
  } catch (error) {
    if (error instanceof AdqlError) return error
    throw error
  }
}

describe('functions that ADQL does not have', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true })
    await database.pool.query(CREATE_LINES)
    await database.pool.query(
      `insert into fn.line (id, a, n, s) values (1, 1.5, 0, 'ab'), (2, 2.25, 0, 'b'), (3, -3, 0, null), (4, 8, 1, 'abc'), (5, 0.125, 1, ''), (6, null, 1, 'x')`,
    )
  })
  afterAll(async () => database?.drop())

  async function row(items: string, rest = ''): Promise<unknown[]> {
    return (await answer(database.pool, `SELECT ${items} FROM fn.line ${rest}`))[0] ?? []
  }

  // Values of numpy.
  test('statistics leave NULL out', async () => {
    const items =
      'STDDEV(a), stddev_samp(a), STDDEV_POP(a), VARIANCE(a), VAR_SAMP(a), VAR_POP(a), scisql_median(a), scisql_percentile(a, 25), scisql_percentile(a, 90.0)'
    const wanted = [
      4.017928570793662, 4.017928570793662, 3.5937445652132816, 16.143749999999997, 16.143749999999997,
      12.914999999999997, 1.5, 0.125, 5.700000000000001,
    ]
    expect(await row(items)).toEqual(wanted.map((number) => expect.closeTo(number, 12)))
    expect(await row('STDDEV(a), STDDEV_POP(a)', 'WHERE id = 1')).toEqual([null, 0])
  })

  test('a histogram counts what lies below, in each bin, and above', async () => {
    expect(await row('ivo_histogram(a, 0, 8, 4), gavo_histogram(2 * a, -6.0, 16.5, 2)')).toEqual([
      [2, 2, 1, 0, 0, 1],
      [1, 4, 1, 0],
    ])
    const groups = await answer(
      database.pool,
      'SELECT n, ivo_histogram(a, 0, 10, 1) AS h FROM fn.line GROUP BY n ORDER BY n',
    )
    expect(groups).toEqual([
      [0, [1, 2, 0]],
      [1, [1, 2, 0]],
    ])
    expect(await row('ivo_histogram(a, 0, 1, 2)', 'WHERE id > 100')).toEqual([[0, 0, 0, 0]])
    await database.pool.query(`insert into fn.line (id, a) values (7, 'nan'), (8, 'inf'), (9, '-inf')`)
    expect(await row('ivo_histogram(a, 0, 1, 1)', 'WHERE id > 6')).toEqual([[1, 0, 2]])
    await database.pool.query('delete from fn.line where id > 6')
  })

  test('the bounds of a histogram are constants, and something must be counted', () => {
    const refusal = (value: string) => errorOf(() => sqlOn(`SELECT ${value} FROM fn.line`)).message
    expect(refusal('ivo_histogram(a, b, 1, 2)')).toBe(
      'ivo_histogram takes a constant as its second argument; this is not one.',
    )
    expect(refusal('ivo_histogram(a, 0, 1, 0)')).toBe('The number of bins 0 is not between 1 and 10000.')
    expect(refusal('ivo_histogram(5, 0, 1, 2)')).toBe('ivo_histogram needs a column in its arguments here.')
    expect(refusal('scisql_percentile(a, 101)')).toBe('The percentile 101 is not between 0 and 100.')
    expect(errorOf(() => sqlOn('SELECT id FROM fn.line WHERE STDDEV(a) > 1'))).toMatchObject({ fault: 'aggregate' })
  })

  test('an element of an array is a value, and NULL where there is none', async () => {
    const histogram = 'ivo_histogram(a, 0, 8, 4)'
    expect(
      await row(`ARRAY_ELEMENT(${histogram}, 1), array_element(${histogram}, 2) + 1, ARRAY_ELEMENT(${histogram}, 7)`),
    ).toEqual([2, 3, null])
    const refusal = (value: string) => errorOf(() => sqlOn(`SELECT ${value} FROM fn.line`)).message
    expect(refusal(`ARRAY_ELEMENT(${histogram}, 0)`)).toBe('The place in an array 0 is not between 1 and 2147483647.')
    expect(refusal('ARRAY_ELEMENT(a, 1)')).toBe(
      'ARRAY_ELEMENT takes an array of numbers or booleans in one dimension as its first argument; this is a number (double).',
    )
    expect(refusal(`${histogram} + 1`)).toContain('takes numbers')
  })

  test('a choice gives the value behind the first condition that holds', async () => {
    const grade =
      "CASE_CONDITION('none', a > 5, 'high', a > 1 AND NOT s = 'b', 'low', a IN (SELECT l.a FROM fn.line AS l WHERE l.id = 3), s)"
    const asked = `SELECT id, IF_THEN_ELSE(a < 2 OR n = 1, 1, 2.5) AS x, ${grade} AS g, if_then_else(a IS NULL, NULL, id) AS i FROM fn.line ORDER BY id`
    expect(await answer(database.pool, asked)).toEqual([
      [1, 1, 'low', 1],
      [2, 2.5, 'none', 2],
      [3, 1, null, 3],
      [4, 1, 'high', 4],
      [5, 1, 'none', 5],
      [6, 1, 'none', null],
    ])
    const grouped = `SELECT IF_THEN_ELSE(a > 1, 'big', 'small') AS label, COUNT(*) AS n, SUM(IF_THEN_ELSE(n = 1, id, 0)) AS s FROM fn.line GROUP BY IF_THEN_ELSE(a > 1, 'big', 'small') ORDER BY label`
    expect(await answer(database.pool, grouped)).toEqual([
      ['big', '3', '4'],
      ['small', '3', '11'],
    ])
    const shapes = `SELECT id FROM fn.line WHERE CONTAINS(IF_THEN_ELSE(id = 1, POINT(a, 0), POINT(9, 9)), IF_THEN_ELSE(id < 3, CIRCLE(1, 0, 1), POLYGON(8, 8, 10, 8, 9, 10))) = 1 ORDER BY id`
    expect((await answer(database.pool, shapes)).flat()).toEqual([1, 3, 4, 5, 6])
  })

  test('what is wrong in a choice is refused where it stands', () => {
    const refusal = (value: string) => errorOf(() => sqlOn(`SELECT ${value} FROM fn.line`)).message
    const form = 'IF_THEN_ELSE is written IF_THEN_ELSE(condition, value, otherwise).'
    expect(refusal('IF_THEN_ELSE(a, 1, 2)')).toBe(form)
    expect(refusal('IF_THEN_ELSE(a > 1, 1)')).toBe(form)
    expect(refusal('IF_THEN_ELSE(a > 1, 1, 2, 3)')).toBe(form)
    expect(refusal('CASE_CONDITION(1, a > 1)')).toBe(
      'CASE_CONDITION is written CASE_CONDITION(otherwise, condition, value, …).',
    )
    expect(refusal("IF_THEN_ELSE(a > 1, 'x', 2)")).toContain('All values of IF_THEN_ELSE are of one type')
    expect(refusal('IF_THEN_ELSE(SUM(a) > 1, a, 2)')).toContain('a is neither grouped nor aggregated')
    expect(refusal('IF_THEN_ELSE(EXISTS (SELECT l.a FROM fn.line AS l WHERE l.n = line.n), COUNT(*), 2)')).toContain(
      'n is neither grouped nor aggregated',
    )
    expect(refusal('IF_THEN_ELSE(b > 1, c, 2)')).toContain('There is no column c')
    const query = parseQuery('SELECT IF_THEN_ELSE(a > 1, a, 2) AS x FROM fn.line')
    expect(errorOf(() => toQserv(resolveQuery(query, LINE_TABLES), {} as never)).message).toContain(
      'Qserv takes conditions in WHERE only',
    )
  })

  test('sexagesimal text becomes degrees', async () => {
    const hours = ["'12:30:15.5'", "'12 30 15.5'", "' 12h30m15.5s '", "'+12h 30m 15.5s'"]
    expect(await row(hours.map((text) => `ivo_hms_to_degrees(${text})`).join())).toEqual(
      hours.map(() => expect.closeTo(187.56458333333333, 12)),
    )
    const degrees = ["'-0:30:36'", "'-00 30 36.0'", "'-0d30m36s'", `'-0°30''36"'`, "'-0°30′36″'"]
    expect(await row(degrees.map((text) => `ivo_dms_to_degrees(${text})`).join())).toEqual(
      degrees.map(() => expect.closeTo(-0.51, 12)),
    )
    expect(await row("ivo_dms_to_degrees(s), ivo_hms_to_degrees('6:30')", 'WHERE id = 3')).toEqual([null, 97.5])
  })

  test.each(['12:60:15', '12.5', '25:00:00', 'abc', '', '1 2 3 4'])('%j is not a time of day', async (text) => {
    await expect(row(`ivo_hms_to_degrees('${text}')`)).rejects.toThrow(`not hours, minutes and seconds: ${text}`)
  })

  test('a regular expression finds a piece of a text', async () => {
    expect(await answer(database.pool, "SELECT gavo_match('^a.*[c-z]', s) FROM fn.line ORDER BY id")).toEqual([
      [0],
      [0],
      [null],
      [1],
      [0],
      [0],
    ])
  })

  // dn = 10 ± 0.1 beside 1000 ± 3 counts of magnitude 0.
  test('counts become fluxes and magnitudes, and back', async () => {
    const flux = 'scisql_dnToFlux(10, 1000)'
    const all =
      'scisql_dnToAbMag(10, 1000), scisql_fluxToAbMag(' +
      flux +
      '), scisql_fluxToDn(' +
      flux +
      ', 1000), scisql_dnToAbMagSigma(10, 0.1, 1000, 3)'
    const sigma = (2.5 / Math.LN10) * Math.hypot(0.01, 0.003)
    expect(await row(all)).toEqual([5, expect.closeTo(5, 10), expect.closeTo(10, 10), expect.closeTo(sigma, 12)])
    const ratios = `scisql_dnToFluxSigma(10, 0.1, 1000, 3) / ${flux}, scisql_fluxToDnSigma(${flux}, ${flux} / 100, 1000, 3) / 10`
    expect(await row(ratios)).toEqual([
      expect.closeTo(Math.hypot(0.01, 0.003), 12),
      expect.closeTo(Math.hypot(0.01, 0.003), 12),
    ])
    expect(await row('scisql_dnToFlux(1, 0), scisql_dnToAbMag(-1, 5), scisql_dnToAbMagSigma(0, 1, 1, 1)')).toEqual([
      null,
      null,
      null,
    ])
  })

  test('a function whose SQL is a product stands as one operand', async () => {
    const [quotient, value] = (await row(
      '1 / scisql_abMagToNanojanskySigma(20, 0.1), scisql_abMagToNanojanskySigma(20, 0.1)',
    )) as number[]
    expect(quotient! * value!).toBeCloseTo(1, 12)
  })

  test('units follow those of the column', () => {
    const [deviation, variance, other] = resolveQuery(
      parseQuery(
        'SELECT STDDEV(ivo_to_jd(t)), VARIANCE(ivo_to_jd(t)), VARIANCE(RADIANS(a) * ivo_to_jd(t)) FROM fn.line',
      ),
      LINE_TABLES,
    ).columns
    expect([deviation?.unit, variance?.unit, other?.unit]).toEqual(['d', 'd**2', '(rad.d)**2'])
  })

  test('Qserv gets what it has, and a reason for what it has not', () => {
    const translate = (value: string) => toQserv(resolveQuery(parseQuery(`SELECT ${value} FROM fn.line`), LINE_TABLES))
    expect(translate('scisql_s2HtmId(a, b, 8), scisql_dnToAbMag(a, b)')).toContain(
      'scisql_s2HtmId(a, b, 8), scisql_dnToAbMag(a, b)',
    )
    expect(errorOf(() => translate('scisql_median(a)')).message).toBe(
      'scisql_median: Qserv computes COUNT, SUM, AVG, MIN and MAX only.',
    )
    expect(errorOf(() => translate('scisql_s2PtInBox(a, b, 1, 2, 3, 4)')).message).toContain(
      'Write ra BETWEEN lonMin AND lonMax',
    )
    expect(errorOf(() => sqlOn('SELECT scisql_s2HtmId(a, b, 8) FROM fn.line')).message).toContain(
      'PostgreSQL has no HTM',
    )
  })
})
