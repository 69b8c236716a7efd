import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AdqlError } from '../../../shared/adql/error.ts'
import { openSky, type SkyDatabase } from '../../support/adql-database.ts'
import { HAS_DATA, NEEDS_DATA } from '../../support/golden.ts'

/** What a query answers: its rows, or the kind of its error. `F` stands for sky."Field", 42 rows with field_id 1 to 42. */
type Case = readonly [title: string, adql: string, answer: readonly (readonly unknown[])[] | string]

const JOINS: readonly Case[] = [
  ['FULL JOIN takes an inequality', 'SELECT COUNT(*) FROM F a FULL JOIN F b ON a.field_id > b.field_id', [['863']]],
  [
    'FULL JOIN takes an inequality with a constant of a subquery',
    'SELECT COUNT(*) FROM F a FULL JOIN (SELECT 1 AS x FROM F) AS b ON a.field_id > b.x',
    [['1723']],
  ],
  [
    'FULL JOIN takes OR',
    'SELECT COUNT(*) FROM F a FULL JOIN F b ON a.field_id = b.field_id OR a.field_id = b.field_id + 1',
    [['83']],
  ],
  [
    'FULL JOIN takes a distance',
    'SELECT COUNT(*) FROM sky.observation a FULL JOIN F b ON DISTANCE(a.s_ra, a.s_dec, 0, 0) < -1',
    [['342']],
  ],
  ['FULL JOIN takes what is never true', 'SELECT COUNT(*) FROM F a FULL JOIN F b ON 1 = 0', [['84']]],
  ['FULL JOIN without a condition is a product', 'SELECT COUNT(*) FROM F a FULL JOIN F b', [['1764']]],
  [
    'NATURAL FULL JOIN without a common column is a product',
    'SELECT COUNT(*) FROM F a NATURAL FULL JOIN (SELECT 1 AS x FROM F) AS b',
    [['1764']],
  ],
  [
    'a common column of FULL JOIN is the one that is there',
    'SELECT field_id FROM (SELECT field_id FROM F WHERE field_id < 3) AS a FULL JOIN (SELECT field_id FROM F WHERE field_id IN (2, 3)) AS b USING (field_id) ORDER BY field_id DESC',
    [[3], [2], [1]],
  ],
  [
    'an alias that is another table hides it',
    'SELECT COUNT(*) FROM sky.star AS epoch JOIN sky.epoch AS star ON star.star_id = epoch.star_id',
    [['777']],
  ],
  [
    'aliases in quotes differ by case alone',
    'SELECT COUNT(*) FROM F AS "A" JOIN F AS a ON a.field_id = "A".field_id',
    [['42']],
  ],
]

const QUERIES: readonly Case[] = [
  [
    'ORDER BY and OFFSET behind parentheses go over those in them',
    '((SELECT field_id FROM F ORDER BY field_id OFFSET 39) ORDER BY field_id DESC) OFFSET 1',
    [[41], [40]],
  ],
  [
    'OFFSET counts from an OFFSET in parentheses',
    '(SELECT field_id FROM F ORDER BY 1 OFFSET 38) OFFSET 2',
    [[41], [42]],
  ],
  [
    'TOP belongs to the query in parentheses',
    '(SELECT TOP 3 field_id FROM F ORDER BY field_id DESC) ORDER BY field_id',
    [[40], [41], [42]],
  ],
  [
    'operands of a set operation have their own ORDER BY and OFFSET',
    '(SELECT field_id FROM F ORDER BY 1 OFFSET 41) UNION ALL (SELECT TOP 1 field_id FROM F ORDER BY 1) ORDER BY 1',
    [[1], [42]],
  ],
  [
    'a point beside a circle is text with its kind',
    'SELECT TOP 1 POINT(1, 2) AS p FROM F UNION ALL SELECT TOP 1 CIRCLE(3, 4, 0.5) FROM F',
    [['point 1 2'], ['circle 3 4 0.5']],
  ],
  [
    'COALESCE of a point and a circle is text with its kind',
    'SELECT TOP 1 COALESCE(NULL, CIRCLE(3, 4, 0.5), POINT(1, 2)) FROM F',
    [['circle 3 4 0.5']],
  ],
]

const NULLS: readonly Case[] = [
  [
    'arithmetic with NULL is NULL',
    "SELECT TOP 1 NULL + 1, -NULL, NULL || 'a', ABS(NULL) FROM F",
    [[null, null, null, null]],
  ],
  ['a number may be one of NULLs', 'SELECT COUNT(*) FROM F WHERE field_id IN (SELECT NULL FROM F)', [['0']]],
  [
    'a column of NULLs compares with everything',
    "SELECT COUNT(*) FROM (SELECT NULL AS a FROM F) AS x WHERE x.a = 1 OR x.a IN (1, 2) OR x.a = 'b' OR 3 BETWEEN x.a AND 5 OR x.a LIKE 'b' OR x.a IN (SELECT field_id FROM F)",
    [['0']],
  ],
  [
    'a column of NULLs stands between values, and in lists of them',
    'SELECT COUNT(*) FROM sky.star, (SELECT NULL AS a FROM F) AS x WHERE x.a BETWEEN x.a AND variable OR x.a IN (x.a, mag)',
    [['0']],
  ],
  [
    'a column of NULLs has a common column with any other',
    'SELECT COUNT(*), COUNT(field_id) FROM F FULL JOIN (SELECT NULL AS field_id FROM F) AS x USING (field_id)',
    [['84', '42']],
  ],
  [
    'COALESCE and MAX of NULLs have a type in common',
    'SELECT COALESCE(NULL, MIN(COALESCE(NULL, NULL)), MAX(NULL)), SUM(NULL) FROM F',
    [[null, null]],
  ],
  [
    'an aggregate of NULL compares with everything',
    "SELECT COUNT(*) FROM F HAVING MAX(NULL) = 1 OR MAX(NULL) = 'a' OR COALESCE(NULL, NULL) = 1",
    [],
  ],
]

const LITERALS: readonly Case[] = [
  [
    'a time is found among those of a subquery',
    "SELECT COUNT(*) FROM F WHERE '2020-01-02T02:07:00.5' IN (SELECT obs_time FROM sky.epoch)",
    [['42']],
  ],
  [
    'a truth is found among those of a subquery',
    "SELECT COUNT(*) FROM F WHERE 'true' IN (SELECT variable FROM sky.star)",
    [['42']],
  ],
  [
    'a decimal is found among the REALs of a subquery',
    'SELECT COUNT(*) FROM F WHERE 8.74 IN (SELECT mag FROM sky.star)',
    [['42']],
  ],
  [
    'a literal of COALESCE beside a time is one',
    "SELECT TOP 1 COALESCE(NULL, '2020-01-01', obs_time) FROM sky.epoch",
    [['2020-01-01T00:00:00']],
  ],
  [
    'a literal of COALESCE beside a truth is one',
    "SELECT TOP 1 COALESCE(NULL, 'true', variable) FROM sky.star",
    [[true]],
  ],
  ['a day that the calendar lacks is no time', "SELECT mjd FROM sky.epoch WHERE obs_time = '2021-02-29'", 'type'],
  ['there is no year 0', "SELECT mjd FROM sky.epoch WHERE obs_time < '0000-12-31'", 'type'],
  [
    'a leap day is a time',
    "SELECT COUNT(*) FROM sky.epoch WHERE obs_time BETWEEN '2020-02-29' AND '2020-02-29T00:00:00'",
    [['1']],
  ],
  ['a number beyond the doubles is refused', 'SELECT 1e400 FROM F', 'type'],
  ['a number too near to 0 is refused', 'SELECT 1e-400 FROM F', 'type'],
  [
    'numbers at the ends are taken',
    'SELECT TOP 1 1.7e308, 1e-310, 0e999, 123456789012345678901234567890, 0.30000000000000000000000000000000000000001 FROM F',
    [[1.7e308, 1e-310, 0, 1.2345678901234568e29, 0.3]],
  ],
  [
    'the lowest 64 bit integer is an integer',
    'SELECT star_id FROM sky.star WHERE star_id = -9223372036854775808',
    [['-9223372036854775808']],
  ],
]

const AGGREGATES: readonly Case[] = [
  [
    'booleans have a greatest and a least',
    'SELECT MAX(variable), MIN(variable), MAX(DISTINCT variable) FROM sky.star',
    [[true, false, true]],
  ],
  [
    'an aggregate of outer columns is refused',
    'SELECT survey FROM F f WHERE EXISTS (SELECT SUM(f.area_deg2) FROM F g)',
    'aggregate',
  ],
  [
    'an aggregate of inner and outer columns is one of the inner query',
    'SELECT COUNT(*) FROM F f WHERE EXISTS (SELECT 1 FROM F g HAVING MAX(g.field_id - f.field_id) = 0)',
    [['1']],
  ],
  [
    'an aggregate of columns is a position beside a polygon',
    'SELECT CONTAINS(POINT(AVG(field_id), MIN(field_id)), POLYGON(20, 0, 30, 0, 30, 10)) FROM F',
    [[1]],
  ],
  [
    'an aggregate of no column is none beside a polygon',
    'SELECT CONTAINS(POINT(COUNT(*), 1), POLYGON(20, 0, 50, 0, 50, 20)) FROM F',
    'unsupported',
  ],
  [
    'a subquery of HAVING sees only what is grouped',
    'SELECT survey FROM F f GROUP BY survey HAVING EXISTS (SELECT 1 FROM F g WHERE g.survey = f.title)',
    'grouping',
  ],
  [
    'a subquery of HAVING sees what is grouped',
    "SELECT survey FROM F f GROUP BY survey HAVING EXISTS (SELECT 1 FROM F g WHERE g.survey = f.survey AND f.survey = 'deep')",
    [['deep']],
  ],
  [
    'the common column of FULL JOIN is not seen by a subquery of HAVING',
    'SELECT star_id FROM sky.star FULL JOIN sky.epoch USING (star_id) GROUP BY star_id HAVING EXISTS (SELECT 1 FROM F WHERE field_id = star_id)',
    'grouping',
  ],
]

describe.skipIf(!HAS_DATA)(`unusual queries${NEEDS_DATA}`, () => {
  let sky: SkyDatabase
  beforeAll(async () => {
    sky = await openSky('portable')
  })
  afterAll(async () => sky?.drop())

  async function answerOf(adql: string): Promise<unknown[][] | string> {
    try {
      return await sky.answer(adql.replaceAll(/(?<=FROM |JOIN |, )F\b/g, 'sky."Field"'))
    } catch (error) {
      if (error instanceof AdqlError) return error.fault
      throw error
    }
  }

  describe.each([
    ['joins', JOINS],
    ['queries in parentheses and set operations', QUERIES],
    ['NULL', NULLS],
    ['literals', LITERALS],
    ['aggregates', AGGREGATES],
  ] as const)('%s', (_, cases) => {
    test.each(cases)('%s: %s', async (_title, adql, answer) => {
      expect(await answerOf(adql)).toEqual(answer)
    })
  })
})
