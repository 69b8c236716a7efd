import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import pg from 'pg'
import { readReleaseTables } from '../cli/commands/adql/release-tables.ts'
import { startPostgres } from '../local/postgres.ts'
import { parseQuery } from '../shared/adql/parse.ts'
import { type GeometryStrategy, POSTGRESQL_SETTINGS, toPostgresql } from '../shared/adql/postgresql.ts'
import { resolveQuery } from '../shared/adql/resolve.ts'
import { TableSet } from '../shared/adql/table-set.ts'
import { tablesFromRows } from '../shared/adql/tables-from-rows.ts'
import { extensionDatabase, NEEDS_EXTENSIONS } from '../test/support/extension-postgres.ts'
import { percentile } from './measure.ts'

const ROOT = join(import.meta.dirname, '..')

/** A query of 2 kB on the tables of a release, from text to SQL in a warm process. */
export async function benchTranslation(path: string, schemas: readonly string[]): Promise<Record<string, number>> {
  const metadata = await readReleaseTables(path, schemas)
  const tables = new TableSet(metadata)
  const query = longQuery()
  const times = Array.from({ length: 2000 }, () => {
    const started = performance.now()
    toPostgresql(resolveQuery(parseQuery(query), tables), { geometry: 'portable', maxRows: 100_001n })
    return performance.now() - started
  }).slice(1000)
  return {
    columns: metadata.reduce((sum, table) => sum + table.columns.all.length, 0),
    'bytes of the query': query.length,
    'from text to SQL, median ms': percentile(times, 0.5),
    'from text to SQL, 99 % ms': percentile(times, 0.99),
    'cold load of the parser, median ms': percentile(await loadTimes(10), 0.5),
  }
}

function longQuery(): string {
  const terms = Array.from({ length: 40 }, (_, index) => `(o.coord_ra + ${index} < o.coord_dec * ${index + 1}.5)`)
  return `SELECT o.objectId, o.coord_ra, o.coord_dec, COUNT(*) AS n, AVG(s.psfFlux) AS flux
    FROM dp1.Object AS o JOIN dp1.ForcedSource AS s ON o.objectId = s.objectId
    WHERE CONTAINS(POINT('ICRS', o.coord_ra, o.coord_dec), CIRCLE('ICRS', 53.13, -28.1, 0.05)) = 1
      AND (${terms.join(' OR ')})
    GROUP BY o.objectId, o.coord_ra, o.coord_dec ORDER BY n DESC`
}

/** What the first query of a process waits for: the bundled parser, loaded and used once. */
async function loadTimes(runs: number): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'almagest-bench-'))
  const outfile = join(folder, 'parse.mjs')
  const entry = join(ROOT, 'shared/adql/parse.ts')
  const script = `const t = performance.now(); const { parseQuery } = await import('${pathToFileURL(outfile).href}')
    parseQuery('SELECT a FROM t'); console.log(performance.now() - t)`
  try {
    await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', minify: true })
    return Array.from({ length: runs }, () => {
      const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
      if (run.status !== 0) throw new Error(run.stderr)
      return Number(run.stdout)
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const SKY = new TableSet(
  tablesFromRows(
    ['star', 'target'].map((name) => ({ schema_name: 'sky', table_name: `sky.${name}`, description: null })),
    ['star', 'target'].flatMap((name) => [
      { ...columnOf(name), column_name: 'id', datatype: 'long', unit: null },
      { ...columnOf(name), column_name: 'ra', datatype: 'double', unit: 'deg' },
      { ...columnOf(name), column_name: 'dec', datatype: 'double', unit: 'deg' },
    ]),
  ),
)

function columnOf(name: string) {
  const nothing = { arraysize: null, xtype: null, ucd: null, utype: null, description: null }
  return { ...nothing, table_name: `sky.${name}`, indexed: 1 }
}

const CONE = 'circle(53.13, -28.1, 1)'
const CHORD = (degrees: string) => `4 * power(sin(radians(${degrees}) / 2), 2)`
const DISTANCE = (a: string, b: string) => `
  power(cos(radians(${a}.dec)) * cos(radians(${a}.ra)) - cos(radians(${b}.dec)) * cos(radians(${b}.ra)), 2)
  + power(cos(radians(${a}.dec)) * sin(radians(${a}.ra)) - cos(radians(${b}.dec)) * sin(radians(${b}.ra)), 2)
  + power(sin(radians(${a}.dec)) - sin(radians(${b}.dec)), 2)`
const SPOINT = (row: string) => `spoint(radians(${row}ra), radians(${row}dec))`
const GEOGRAPHY = (row: string) =>
  `st_setsrid(st_makepoint(case when ${row}ra > 180 then ${row}ra - 360 else ${row}ra end, ${row}dec), 4326)::geography`
const BANDS = 's.dec between -29.1 and -27.1 and s.ra between 51.9 and 54.3'

interface Search {
  readonly title: string
  readonly adql: string
  /** What somebody who knows the table and its index would write. */
  readonly sql: Readonly<Record<GeometryStrategy, string>>
}

const CIRCLE_SQL = {
  pgsphere: `select s.id from sky.star s where ${SPOINT('s.')} <@ scircle(spoint(radians(53.13), radians(-28.1)), radians(1))`,
  postgis: `select s.id from sky.star s where st_dwithin(${GEOGRAPHY('s.')}, 'srid=4326;point(53.13 -28.1)'::geography, 111195.079734632, false)`,
}
const BY_HAND = (operator: string) => `select s.id from sky.star s, (values (53.13::float8, -28.1::float8)) c (ra, dec)
  where ${BANDS} and ${DISTANCE('s', 'c')} ${operator} ${CHORD('1')}`

const SEARCHES: readonly Search[] = [
  {
    title: 'cone of 1°, CONTAINS',
    adql: `SELECT id FROM sky.star WHERE CONTAINS(POINT(ra, dec), ${CONE}) = 1`,
    sql: { ...CIRCLE_SQL, portable: BY_HAND('<=') },
  },
  {
    title: 'cone of 1°, DISTANCE',
    adql: 'SELECT id FROM sky.star WHERE DISTANCE(POINT(ra, dec), POINT(53.13, -28.1)) < 1',
    sql: { ...CIRCLE_SQL, portable: BY_HAND('<') },
  },
  {
    title: 'crossmatch of 10,000 positions within 1″',
    adql: 'SELECT t.id, s.id FROM sky.target AS t JOIN sky.star AS s ON DISTANCE(POINT(s.ra, s.dec), POINT(t.ra, t.dec)) < 1 / 3600.',
    sql: {
      portable: `select t.id, s.id from sky.target t join sky.star s on s.dec between t.dec - 1 / 3600.0 and t.dec + 1 / 3600.0
        and ${DISTANCE('s', 't')} < ${CHORD('1 / 3600.0')}`,
      pgsphere: `select t.id, s.id from sky.target t join sky.star s on ${SPOINT('s.')} <@ scircle(${SPOINT('t.')}, radians(1 / 3600.0))`,
      postgis: `select t.id, s.id from sky.target t join sky.star s on st_dwithin(${GEOGRAPHY('s.')}, ${GEOGRAPHY('t.')}, 111195.079734632 / 3600, false)`,
    },
  },
]

const INDEXES: Readonly<Record<GeometryStrategy, string>> = {
  portable: 'create index on sky.star (dec, ra)',
  pgsphere: `create extension pg_sphere; create index on sky.star using gist (${SPOINT('')})`,
  postgis: `create extension postgis; create index on sky.star using gist ((${GEOGRAPHY('')}))`,
}

/**
 * Searches by position in a table of many rows beside SQL written by hand: with B-trees on the PostgreSQL from npm, and
 * with pgsphere and PostGIS where a PostgreSQL with them is at hand.
 */
export async function benchSearches(rows: number, runs: number): Promise<Record<string, number>> {
  const server = await startPostgres({ stateDirectory: null })
  const pool = new pg.Pool({ connectionString: server.url, max: 1 })
  try {
    const figures = await searchTimes('portable', pool, rows, runs)
    if (NEEDS_EXTENSIONS !== '') return figures
    for (const geometry of ['pgsphere', 'postgis'] as const) {
      const database = await extensionDatabase()
      try {
        Object.assign(figures, await searchTimes(geometry, database.pool, rows, runs))
      } finally {
        await database.drop()
      }
    }
    return figures
  } finally {
    await pool.end()
    await server.stop()
  }
}

async function searchTimes(
  geometry: GeometryStrategy,
  pool: pg.Pool,
  rows: number,
  runs: number,
): Promise<Record<string, number>> {
  await pool.query(`
    create schema sky;
    select setseed(0.5);
    create table sky.star as
    select i::bigint as id, 360 * random() as ra, degrees(asin(2 * random() - 1)) as dec from generate_series(1, ${rows}) i;
    create table sky.target as select id, ra, dec from sky.star where id <= 10000;
    ${INDEXES[geometry]}`)
  await pool.query('vacuum analyze sky.star')
  await pool.query('vacuum analyze sky.target')
  const client = await pool.connect()
  try {
    for (const [name, value] of Object.entries(POSTGRESQL_SETTINGS)) {
      await client.query('select set_config($1, $2, false)', [name, value])
    }
    const figures: Record<string, number> = {}
    for (const { title, adql, sql } of SEARCHES) {
      const ours = toPostgresql(resolveQuery(parseQuery(adql), SKY), { geometry })
      const hand = sql[geometry]
      const [found, expected] = [(await client.query(ours)).rowCount, (await client.query(hand)).rowCount]
      if (found !== expected) throw new Error(`${geometry}, ${title}: ${found} rows, and ${expected} by hand`)
      const times: Readonly<Record<'ours' | 'hand', number[]>> = { ours: [], hand: [] }
      for (let run = 0; run < runs; run++) {
        for (const [who, text] of [
          ['ours', ours],
          ['hand', hand],
        ] as const) {
          const started = performance.now()
          await client.query(text)
          times[who].push(performance.now() - started)
        }
      }
      figures[`${geometry}: ${title}, median ms`] = percentile(times.ours, 0.5)
      figures[`${geometry}: ${title}, by hand, median ms`] = percentile(times.hand, 0.5)
    }
    return figures
  } finally {
    client.release()
  }
}
