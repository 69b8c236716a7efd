import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AdqlError } from '../../../shared/adql/error.ts'
import { answer, CREATE_LINES, sqlOn } from '../../support/adql-values.ts'
import { type ExtensionDatabase, extensionDatabase, NEEDS_EXTENSIONS } from '../../support/extension-postgres.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

/** Stars and where they are at another epoch: straight lines in space with 30 digits (Python's mpmath). */
const MOVED = [
  [
    [7.606083572, 11.79044105, 125, 300, -428.8, 52.51, 2016, 1992.25],
    [
      7.604061404627971, 11.793270382827927, 125.0199316558406, 300.0987732597062, -428.93459356566933,
      52.50880381775219,
    ],
  ],
  [
    [269.452078, 4.693391, 546.9759, -801.551, 10362.394, -110.51, 2016, 2116],
    [
      269.4295894875609, 4.983022927069639, 550.3712190373705, -811.8803538963639, 10491.4142542163,
      -110.05188421640402,
    ],
  ],
  [
    [0.0001, 89.9999, 100, -500, 700, -30, 2016, 1950],
    [
      35.327656555435176, 89.98415078373515, 99.97975061277545, -3.153452667004956, 859.8783959994493,
      -30.01122121928897,
    ],
  ],
  [
    [359.9999, -30, 1.5, 900, -20, 0, 2000, 2050.5],
    [
      0.014478135195771557, -30.00027975248369, 1.499999963567148, 900.0024933727201, -19.885501981790313,
      0.6270408733781873,
    ],
  ],
] as const

/** Positions in ICRS and in other frames, of astropy 5.2 (FK4 as FK4NoETerms, ECLIPTIC as BarycentricMeanEcliptic). */
const IN_FRAMES = [
  ['GALACTIC', 120, -23, 241.12183118260333, 3.627857881108101],
  ['GALACTIC', 266.4, -28.9, 0.028603668653338854, 0.0225770959668111],
  ['FK5', 120, -23, 120.00000660508655, -23.000006051084814],
  ['FK5', 10, 85, 10.000073601187232, 85.00000152948252],
  ['FK4', 120, -23, 119.46161441217741, -22.86193698049696],
  ['FK4', 10, 85, 8.852234769844387, 84.72535217798695],
  ['ECLIPTIC', 266.4, -28.9, 266.8342231297687, -5.500271165723371],
  ['ECLIPTIC', 10, 85, 78.1803038745052, 65.22640579000954],
  ['ICRS', 10, 85, 10, 85],
] as const

function errorOf(adql: string): AdqlError {
  try {
    sqlOn(adql)
  } catch (error) {
    if (error instanceof AdqlError) return error
    throw error
  }
  throw new Error(`accepted: ${adql}`)
}

describe('positions at other epochs and in other frames', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true })
    await database.pool.query(CREATE_LINES)
    await database.pool.query('insert into fn.line (id, a, b) values (1, 266.4, -28.9), (2, null, 5), (3, 10, 85)')
  })
  afterAll(async () => database?.drop())

  async function value(expression: string, where = 'id = 1'): Promise<unknown> {
    const rows = await answer(database.pool, `SELECT ${expression} FROM fn.line WHERE ${where}`)
    return rows[0]?.[0]
  }

  test.each(MOVED)('a star moves uniformly through space: %j', async (values, wanted) => {
    const [all, position] = [
      await value(`EPOCH_PROP(${values})`),
      await value(`EPOCH_PROP_POS(${values})`),
    ] as number[][]
    expect(position).toEqual(all!.slice(0, 2))
    const errors = wanted.map((number, index) => Math.abs(all![index]! - number) / Math.max(1, Math.abs(number)))
    expect(Math.max(...errors)).toBeLessThan(1e-10)
  })

  test('the value of the IVOA catalogue', async () => {
    const [longitude, latitude] = (await value(
      'ivo_epoch_prop_pos(7.606083572, 11.79044105, 125, 300, -428.8, 52.51, 2016.0, 1992.25)',
    )) as number[]
    expect(longitude).toBeCloseTo(7.604061404627978, 11)
    expect(latitude).toBeCloseTo(11.7932703828279, 11)
  })

  test('without a parallax a star is infinitely far, and what of its motion is NULL is 0', async () => {
    const far = await value('ivo_epoch_prop_pos(10, 20, 0, 300, 400, 0, 2000, 2100)')
    for (const parallax of ['NULL', '-1']) {
      expect(await value(`ivo_epoch_prop_pos(10, 20, ${parallax}, 300, 400, 50, 2000, 2100)`)).toEqual(far)
    }
    expect(await value('ivo_epoch_prop_pos(10, 20, 5, NULL, NULL, NULL, 2000, 2100)')).toEqual([10, 20])
    expect(await value('EPOCH_PROP(10, 20, NULL, NULL, NULL, 7, 2000, 2100)')).toEqual([10, 20, 0, 0, 0, 7])
  })

  test('a NULL position or epoch is an error that says so', async () => {
    await expect(value('ivo_epoch_prop_pos(a, b, 1, 2, 3, 4, 2000, 2016)', 'id = 2')).rejects.toThrow(
      'ivo_epoch_prop_pos needs a position and two epochs, but has NULL, 5, 2000, 2016',
    )
    await expect(value('EPOCH_PROP(a, b, 1, 2, 3, 4, NULL, 2016)')).rejects.toThrow('EPOCH_PROP needs a position')
  })

  test.each(IN_FRAMES)('%s of %d, %d is %d, %d, and back', async (frame, ra, dec, longitude, latitude) => {
    const there = [
      `ivo_geom_transform('ICRS', '${frame}', POINT(${ra}, ${dec}))`,
      `gavo_transform('ICRS', '${frame}', POINT(a, b))`,
    ]
    const back = `ivo_geom_transform('${frame}', 'ICRS', ${there[1]})`
    await database.pool.query('update fn.line set a = $1, b = $2 where id = 1', [ra, dec])
    for (const expression of there) {
      const [l, b] = (await value(expression)) as number[]
      expect(l).toBeCloseTo(longitude, 9)
      expect(b).toBeCloseTo(latitude, 9)
    }
    const [l, b] = (await value(back)) as number[]
    expect(l).toBeCloseTo(ra, 10)
    expect(b).toBeCloseTo(dec, 10)
  })

  test('circles keep their radius and polygons their area', async () => {
    const circle = (await value("ivo_geom_transform('ICRS', 'GALACTIC', CIRCLE(266.4, -28.9, 2))")) as number[]
    expect(circle).toEqual([expect.closeTo(0.0286036686533, 10), expect.closeTo(0.0225770959668, 10), 2])
    expect(await value("ivo_geom_transform('ICRS', 'GALACTIC', CIRCLE(a, b, id))", 'id = 3')).toHaveLength(3)
    const area = await value("AREA(ivo_geom_transform('ICRS', 'FK4', POLYGON(10, 10, 20, 10, 15, 20)))")
    expect(area).toBeCloseTo((await value('AREA(POLYGON(10, 10, 20, 10, 15, 20))')) as number, 9)
    const corners = await value("ivo_geom_transform('GALACTIC', 'ICRS', POLYGON(0, 0, a, 10, 15, 20))", 'id = 3')
    expect(corners).toHaveLength(6)
  })

  test('beside constants the constants are turned, so that columns keep their index', async () => {
    const sql = sqlOn(
      "SELECT id FROM fn.line WHERE 1 = CONTAINS(ivo_geom_transform('ICRS', 'GALACTIC', POINT(a, b)), CIRCLE(0, 0, 1))",
    )
    expect(sql).toMatch(/"b"\) between \(-29\.9/)
    const inside = "CONTAINS(ivo_geom_transform('ICRS', 'GALACTIC', POINT(a, b)), CIRCLE(123, 22.1, 1))"
    expect(
      await value(
        `${inside} + 10 * CONTAINS(POINT(123, 22.1), ivo_geom_transform('ICRS', 'GALACTIC', CIRCLE(a, b, 1)))`,
        'id = 3',
      ),
    ).toBe(11)
    expect(
      await value(
        `DISTANCE(ivo_geom_transform('ICRS', 'GALACTIC', POINT(a, b)), POINT(122.66298820603654, 22.134226182094345))`,
        'id = 3',
      ),
    ).toBeCloseTo(0, 9)
  })

  test('a frame that is not known, and one that is not a literal, are refused', () => {
    expect(errorOf("SELECT ivo_geom_transform('ICRS', 'GALAKTIC', POINT(a, b)) FROM fn.line")).toMatchObject({
      message:
        "ivo_geom_transform does not know 'GALAKTIC'. Did you mean 'GALACTIC'? It knows ICRS, GALACTIC, FK5, FK4 and ECLIPTIC.",
      suggestions: ["'GALACTIC'"],
    })
    expect(errorOf("SELECT ivo_geom_transform(s, 'ICRS', POINT(a, b)) FROM fn.line").message).toBe(
      'ivo_geom_transform takes a text in quotes as its first argument; this is not one.',
    )
  })
})

describe.skipIf(NEEDS_EXTENSIONS !== '')(`shapes of columns in other frames${NEEDS_EXTENSIONS}`, () => {
  let database: ExtensionDatabase
  beforeAll(async () => {
    database = await extensionDatabase()
    await database.pool.query(`${CREATE_LINES}`)
    await database.pool.query('insert into fn.line (id, a, b) values (1, 266.4, -28.9)')
  })
  afterAll(async () => database?.drop())

  test.each(['pgsphere', 'postgis'] as const)('are turned for %s too', async (geometry) => {
    const polygon = "ivo_geom_transform('ICRS', 'GALACTIC', POLYGON(a, b - 1, a + 1, b, a, b + 1, a - 1, b))"
    const adql = `SELECT CONTAINS(POINT(0.03, 0.02), ${polygon}), CONTAINS(POINT(a, b), ${polygon}), AREA(${polygon}) FROM fn.line`
    const [row] = (await answer(database.pool, adql, { geometry })) as [[number, number, number]]
    expect(row.slice(0, 2)).toEqual([1, 0])
    expect(row[2]).toBeCloseTo(1.7509, 3)
  })
})
