import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AdqlError } from '../../../shared/adql/error.ts'
import { declaredForms } from '../../../shared/adql/functions/forms.ts'
import { parseSiteSignature, type SiteFunction, siteFunctions } from '../../../shared/adql/functions/site.ts'
import { STANDARD_FUNCTIONS } from '../../../shared/adql/functions/table.ts'
import { answer, CREATE_LINES, sqlOn } from '../../support/adql-values.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

function define(signature: string, sql: string): SiteFunction {
  const parsed = parseSiteSignature(signature)
  if ('complaint' in parsed) throw new Error(parsed.complaint)
  return { ...parsed, description: 'A function of the site.', sql }
}

const rows = siteFunctions([
  define('airmass(alt DOUBLE) -> DOUBLE', 'site.airmass($1)'),
  define('twice( x double ) -> REAL', '$1 + $1'),
  define('shout(s TEXT, t TEXT) -> TEXT', `$2 || '$1' || $1 || "site".bang()`),
  define('swapped(p POINT) -> POINT', 'array[$1[2], $1[1]]'),
  define('epoch() -> DOUBLE', '51544.5'),
  define('later(t TIMESTAMP, days INTEGER) -> TIMESTAMP', "$1 + $2 * interval '1 day'"),
  define('IVO_HEALPIX_INDEX(a INTEGER) -> BIGINT', '$1::bigint'),
])
const functions = STANDARD_FUNCTIONS.with(rows)

describe("functions of the site's own", () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true })
    await database.pool.query(`${CREATE_LINES};
      insert into fn.line (id, a, b, s, t) values (1, 30, 20, 'x', '2020-01-01');
      create schema site;
      create function site.airmass(alt float8) returns float8 language sql immutable return 1 / sin(radians(alt));
      create function site.bang() returns text language sql immutable return '!'`)
  })
  afterAll(async () => database?.drop())

  const value = async (expression: string) =>
    (await answer(database.pool, `SELECT ${expression} FROM fn.line`, { functions }))[0]?.[0]

  test('are computed by the SQL of the site', async () => {
    expect(await value('AIRMASS(a)')).toBeCloseTo(2, 12)
    expect(await value('3 * twice(a - 20)')).toBe(60)
    expect(await value("shout('a', s)")).toBe('x$1a!')
    expect(await value('COORD1(swapped(POINT(a, b)))')).toBe(20)
    expect(await value('DISTANCE(swapped(POINT(a, b)), POINT(20, 30))')).toBeCloseTo(0, 12)
    expect(await value('epoch() + 1')).toBe(51545.5)
    expect(await value('later(t, 2)')).toBe('2020-01-03T00:00:00')
    expect(await value('ivo_healpix_index(7)')).toBe('7')
  })

  test.each(["'); drop table fn.line; --'", `'$1' || '$2'`, `'\\'`, "''''", `'"'`, 's'])(
    'an argument is a value, whatever is in it: %s',
    async (text) => {
      const [[plain]] = (await answer(database.pool, `SELECT ${text} || 'x$1' || ${text} || '!' FROM fn.line`)) as [
        [string],
      ]
      expect(await value(`shout(${text}, ${text} || 'x')`)).toBe(plain)
      expect(await value('id')).toBe(1)
    },
  )

  test('take part in near misses, types, counts and the declarations of a service', () => {
    const errorOf = (expression: string) => {
      try {
        sqlOn(`SELECT ${expression} FROM fn.line`, { functions })
      } catch (error) {
        if (error instanceof AdqlError) return error
      }
      throw new Error(`accepted: ${expression}`)
    }
    expect(errorOf('airmas(a)').message).toBe('There is no function airmas. Did you mean airmass?')
    expect(errorOf("airmass('a')").message).toBe('airmass takes a number; this is text.')
    expect(errorOf('airmass(a, b)').message).toBe('airmass does not take 2 arguments. Write airmass(alt).')
    expect(rows.flatMap(declaredForms).slice(0, 2)).toEqual([
      'airmass(alt DOUBLE) -> DOUBLE',
      'twice(x DOUBLE) -> REAL',
    ])
    expect(functions.rows.filter(({ name }) => name.toLowerCase() === 'ivo_healpix_index')).toHaveLength(1)
  })

  test('that are wrong are no functions', () => {
    expect(() => siteFunctions([define('f(a DOUBLE) -> DOUBLE', 'g($1, $2)')])).toThrow(
      'the function f: has $2, but f has one parameter',
    )
    expect(() => siteFunctions([{ ...define('f() -> DOUBLE', '1'), name: 'COALESCE' }])).toThrow('COALESCE')
  })
})
