import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AdqlError } from '../../../shared/adql/error.ts'
import { answer, CREATE_LINES, sqlOn } from '../../support/adql-values.ts'
import { type ExtensionDatabase, extensionDatabase, NEEDS_EXTENSIONS } from '../../support/extension-postgres.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

/** Positions: anywhere, near the poles, the equator and the edges of the faces. */
const POSITIONS = [
  [0, 0],
  [359.999999, 0.0000001],
  [10.5, 66.5],
  [200.25, -72.125],
  [299.9, 41.8],
  [180, -41.9],
  [266.4168371, -29.0078106],
  [83.633083, 22.0145],
  [10.6847083, 41.26875],
  [0.0001, 89.9999],
  [271.3, -89.99999],
  [90, 10],
  [315.7, -3.3],
] as const

/** Their pixels by order, of astropy-healpix 1.0.3. */
const PIXELS: Readonly<Record<number, readonly bigint[]>> = {
  0: [4n, 4n, 0n, 10n, 3n, 10n, 7n, 5n, 0n, 0n, 11n, 5n, 11n],
  3: [304n, 293n, 58n, 648n, 230n, 682n, 450n, 377n, 42n, 63n, 704n, 371n, 767n],
  10: [
    4980736n,
    4805973n,
    959856n,
    10623421n,
    3774874n,
    11184808n,
    7380516n,
    6191509n,
    693520n,
    1048575n,
    11534336n,
    6078515n,
    12579279n,
  ],
  15: [
    5100273664n,
    4921316693n,
    982893027n,
    10878383377n,
    3865471532n,
    11453243432n,
    7557648841n,
    6340105433n,
    710165178n,
    1073741823n,
    11811160064n,
    6224399567n,
    12881182664n,
  ],
  22: [
    83562883710976n,
    80630852703573n,
    16103719358777n,
    178231433253151n,
    63331885588420n,
    187649940398600n,
    123824518626998n,
    103876287420400n,
    11635346288277n,
    17592186044351n,
    193514046488576n,
    101980562518211n,
    211045296769937n,
  ],
  29: [
    1369094286720630784n,
    1321055890695345516n,
    263843337974209264n,
    2920143802419630321n,
    1037629613480688882n,
    3074456623490665002n,
    2028740913184738305n,
    1701909093095840580n,
    190633513587146697n,
    288230376150657722n,
    3170534137668839939n,
    1670849536298385215n,
    3457766142278662381n,
  ],
}

/** Centres of pixels, of the same. */
const CENTRES = [
  [0, 0n, 45, 41.810314895778596],
  [0, 11n, 315, -41.810314895778596],
  [3, 17n, 73.125, 30],
  [10, 12582911n, 315, -0.037301942422267316],
  [15, 1234567890n, 128.30245971679688, 19.20190902271904],
  [22, 98765432109876n, 81.36442422866821, 4.272215762380188],
  [29, 3458764513820540927n, 315, -7.114780385429948e-8],
  [29, 1000000000000000001n, 334.4030667745061, 50.110014905756344],
] as const

describe('HEALPix in plain SQL', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true })
    await database.pool.query(CREATE_LINES)
    const rows = POSITIONS.map(([longitude, latitude], index) => `(${index}, ${longitude}, ${latitude})`)
    await database.pool.query(
      `insert into fn.line (id, a, b) values ${rows.join(', ')}, (100, null, 0), (101, 'nan', 5), (102, 5, 91)`,
    )
  })
  afterAll(async () => database?.drop())

  test.each(Object.entries(PIXELS))('the pixels of order %s are those of astropy-healpix', async (order, pixels) => {
    const adql = `SELECT ivo_healpix_index(${order}, a, b), ivo_healpix_index(${order}, POINT(a, b)) FROM fn.line WHERE id < 100 ORDER BY id`
    const rows = await answer(database.pool, adql)
    expect(rows.map((row) => row.map((cell) => BigInt(cell as string)))).toEqual(pixels.map((pixel) => [pixel, pixel]))
  })

  test.each(CENTRES)('the centre at order %s of pixel %s lies at %s, %s', async (order, pixel, longitude, latitude) => {
    const adql = `SELECT TOP 1 ivo_healpix_center(${order}, ${pixel}) FROM fn.line`
    const [[centre]] = (await answer(database.pool, adql)) as [[[number, number]]]
    expect(centre[0]).toBeCloseTo(longitude, 10)
    expect(centre[1]).toBeCloseTo(latitude, 10)
  })

  test('the values of the IVOA catalogue', async () => {
    const adql =
      'SELECT TOP 1 ivo_healpix_index(0, 1, 1), ivo_healpix_index(17, 1, 1), ivo_healpix_index(17, 359, -1), ivo_healpix_index(17, -1, -1), ivo_healpix_center(0, 6) FROM fn.line'
    expect(await answer(database.pool, adql)).toEqual([['4', '81609757711', '73009064944', '73009064944', [180, 0]]])
  })

  test('every pixel is that of its centre, at every order', async () => {
    for (const order of [0, 1, 2, 5, 14, 21, 28, 29]) {
      const count = 12n * 4n ** BigInt(order)
      await database.pool.query('truncate fn.line')
      await database.pool.query(
        `insert into fn.line (big) select distinct (i::numeric * ${count} / 3000)::numeric(30, 0)::bigint from generate_series(0, 2999) as i where (i::numeric * ${count} / 3000)::numeric(30, 0) < ${count}`,
      )
      const centre = `ivo_healpix_center(${order}, big)`
      const wrong = await answer(
        database.pool,
        `SELECT big FROM fn.line WHERE ivo_healpix_index(${order}, ${centre}) <> big`,
      )
      expect(wrong).toEqual([])
    }
  })

  test('what is no position and no pixel has none', async () => {
    await database.pool.query(
      `truncate fn.line; insert into fn.line (a, b, n, big) values (null, 1, 3, -1), (1, null, 3, 768), ('nan', 0, 3, null), (0, 'nan', 3, -1), (0, 90.1, 3, 768), ('inf', 0, -1, 0), (0, 0, 30, 0)`,
    )
    const rows = await answer(
      database.pool,
      'SELECT ivo_healpix_index(n, a, b), ivo_healpix_center(n, big) FROM fn.line',
    )
    expect(rows).toEqual(Array.from({ length: 7 }, () => [null, null]))
  })

  test('rows are counted by pixel', async () => {
    await database.pool.query(
      `truncate fn.line; insert into fn.line (a, b) select 30 * i, 5 from generate_series(0, 11) as i`,
    )
    const pixel = 'ivo_healpix_index(0, a, b)'
    const adql = `SELECT ${pixel} AS p, COUNT(*) AS n FROM fn.line GROUP BY ${pixel} HAVING COUNT(*) > 1 ORDER BY p`
    expect(await answer(database.pool, adql)).toEqual([
      ['4', '3'],
      ['5', '3'],
      ['6', '3'],
      ['7', '3'],
    ])
  })

  test('an order beyond 29 and a number that is not an integer are refused', () => {
    const errorOf = (value: string) => {
      try {
        sqlOn(`SELECT ${value} FROM fn.line`)
      } catch (error) {
        return error as AdqlError
      }
      throw new Error(`accepted: ${value}`)
    }
    expect(errorOf('ivo_healpix_index(30, a, b)').message).toBe('The HEALPix order 30 is not between 0 and 29.')
    expect(errorOf('ivo_healpix_center(3, 1.5)')).toMatchObject({ fault: 'type' })
  })
})

describe.skipIf(NEEDS_EXTENSIONS !== '')(`HEALPix in plain SQL and pgsphere agree${NEEDS_EXTENSIONS}`, () => {
  let database: ExtensionDatabase
  beforeAll(async () => {
    database = await extensionDatabase()
    await database.pool.query(`${CREATE_LINES}`)
    await database.pool.query(
      `insert into fn.line (id, a, b) select i, 360 * random(), degrees(asin(2 * random() - 1)) from generate_series(1, 5000) as i`,
    )
  })
  afterAll(async () => database?.drop())

  test.each([0, 5, 11, 17, 23, 29])('at order %s', async (order) => {
    const ours = sqlOn(`SELECT ivo_healpix_index(${order}, a, b), id FROM fn.line`)
    const { rows } = await database.pool.query(
      `select count(*)::int as n from (${ours}) as q join fn.line as l on l.id = q.c2 where q.c1 = healpix_nest(${order}, spoint(radians(a), radians(b)))`,
    )
    expect(rows).toEqual([{ n: 5000 }])
  })
})
