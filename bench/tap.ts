import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../local/postgres.ts'
import { DEPLOYED } from '../shared/tap-schema/options.ts'
import { initialiseDatabase } from '../shared/tap-schema/roles.ts'
import { stageRelease } from '../shared/tap-schema/stage.ts'
import { swap } from '../shared/tap-schema/swap.ts'
import { loadIn } from './load-in.ts'
import { percentile } from './measure.ts'
import { type Serving, serve } from './serve.ts'

const root = resolve(import.meta.dirname, '..')

const SKY = `
name: sky
tables:
- name: star
  columns:
  - {name: id, datatype: long}
  - {name: ra, datatype: double, "ivoa:unit": deg, "ivoa:ucd": pos.eq.ra;meta.main}
  - {name: dec, datatype: double, "ivoa:unit": deg, "ivoa:ucd": pos.eq.dec;meta.main}
`

/** What a client asks many times a second: a star by its number. */
const SMALL = 'SELECT id, ra, dec FROM sky.star WHERE id = 4711'

const POSITIONS = 10_000

interface Timed {
  readonly title: string
  readonly goalMs: number
  readonly adql: string
  /** CSV of a table that comes with it. */
  readonly upload?: string
}

const SEARCHES: readonly Timed[] = [
  {
    title: 'cone of 1° by CONTAINS',
    goalMs: 10,
    adql: 'SELECT id, ra, dec FROM sky.star WHERE CONTAINS(POINT(ra, dec), CIRCLE(53.13, -28.1, 1)) = 1',
  },
  {
    title: 'cone of 1° by DISTANCE',
    goalMs: 10,
    adql: 'SELECT id, ra, dec FROM sky.star WHERE DISTANCE(ra, dec, 53.13, -28.1) < 1',
  },
  {
    title: `${POSITIONS} uploaded positions within 1″ by CONTAINS`,
    goalMs: 575,
    adql: `SELECT t.n, s.id FROM TAP_UPLOAD.t AS t JOIN sky.star AS s
               ON CONTAINS(POINT(s.ra, s.dec), CIRCLE(t.ra, t.dec, 0.000277777777778)) = 1`,
    upload: 'positions',
  },
  {
    title: `${POSITIONS} uploaded positions within 1″ by DISTANCE`,
    goalMs: 575,
    adql: `SELECT t.n, s.id FROM TAP_UPLOAD.t AS t JOIN sky.star AS s
               ON DISTANCE(s.ra, s.dec, t.ra, t.dec) < 0.000277777777778`,
    upload: 'positions',
  },
]

type Line = readonly [what: string, figure: string, goal: string]

/** Sync queries over HTTP, the function and its database on one machine. */
export async function benchTap(rows: number, seconds: number): Promise<readonly (readonly string[])[]> {
  const server = await startPostgres({ stateDirectory: null })
  const folder = await mkdtemp(join(tmpdir(), 'almagest-bench-'))
  const pool = new pg.Pool({ connectionString: server.url, max: 2 })
  try {
    await prepare(pool, rows)
    const positions = await describePositions(pool)
    const file = join(folder, 'environment.yaml')
    await writeFile(file, describeEnvironment(server.url))
    const tap = await serveTap(file)
    try {
      const lines: readonly Line[] = [
        ...(await benchSmall(tap.port, 1, seconds)),
        ...(await benchSmall(tap.port, 8, seconds)),
        ...(await benchSmall(tap.port, 50, seconds)),
        await benchFirstByte(tap.port),
        ...(await benchSearches(tap.port, positions)),
        await benchDisconnect(tap.port, pool),
        ['peak memory, MiB', peakMiB(tap.pid).toFixed(0), ''],
      ]
      return [['tap, sync', '', 'goal'], ...lines]
    } finally {
      await tap.stop()
    }
  } finally {
    await pool.end()
    await server.stop()
    await rm(folder, { recursive: true })
  }
}

async function prepare(pool: pg.Pool, rows: number): Promise<void> {
  await pool.query(`
    create schema sky;
    select setseed(0.5);
    create table sky.star as
    select i::bigint as id, 360 * random() as ra, degrees(asin(2 * random() - 1)) as dec from generate_series(1, ${rows}) i;
    alter table sky.star add primary key (id);
    create index on sky.star (dec, ra)`)
  await pool.query('vacuum analyze sky.star')
  await initialiseDatabase(pool)
  const version = 'bench'
  const source = { bucket: 'b', object: 'o', generation: '1', sha256: '', bytes: 1 }
  const request = { version, files: new Map([['sky.yaml', SKY]]), schemas: ['sky'], source, options: DEPLOYED }
  await stageRelease(pool, { ...request, readers: [], actor: 'bench', redelivery: 'skip' })
  await swap(pool, { expectedVersion: version, actor: 'bench' })
}

async function describePositions(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ line: string }>(
    `select concat_ws(',', id, ra, dec) as line from sky.star where id <= ${POSITIONS}`,
  )
  return `n,ra,dec\n${rows.map(({ line }) => line).join('\n')}\n`
}

function describeEnvironment(databaseUrl: string): string {
  return `
baseHostname: data.example.org
tap:
  servers:
    tap:
      databaseUrl: ${databaseUrl}
      schemas: [sky]
      service:
        url: https://data.example.org/tap
        limits: {maxrec: {default: 10000000, hard: null}}
        query: {database: {url: "${databaseUrl}", poolMax: 10}}
`
}

function serveTap(environment: string): Promise<Serving> {
  return serve({
    folder: root,
    script: join(root, 'node_modules', '.bin', 'functions-framework'),
    variables: {
      FUNCTION_TARGET: 'tap',
      FUNCTION_SOURCE: join(root, 'functions', 'tap', 'index.ts'),
      ALMAGEST_ENVIRONMENT: environment,
    },
    request: { path: pathOf(SMALL) },
  })
}

function pathOf(adql: string): string {
  return `/tap/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: adql })}`
}

const WARM_UP_MS = 2_000

async function benchSmall(port: number, connections: number, seconds: number): Promise<readonly Line[]> {
  const from = Date.now() + WARM_UP_MS
  const task = { port, path: pathOf(SMALL), headers: {}, connections, from, until: from + seconds * 1000 }
  const { latencies, statuses } = await loadIn(task)
  if (Object.keys(statuses).join() !== '200') throw new Error(`answers: ${JSON.stringify(statuses)}`)
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
  const rate = (latencies.length / seconds).toFixed(0)
  const who = connections === 1 ? 'one client' : `${connections} clients`
  return [
    [`small queries, ${who}: p50 ms`, p50.toFixed(2), connections === 1 ? '≤ 1.8' : ''],
    [`small queries, ${who}: p99 ms`, p99.toFixed(1), connections === 1 ? '' : '≤ 120'],
    [`small queries, ${who}: requests/s`, rate, connections === 1 ? '' : '≥ 1000'],
  ]
}

const TIMES = 15

/** Of a result of all rows, which is not read further. */
async function benchFirstByte(port: number): Promise<Line> {
  const times: number[] = []
  for (let time = 0; time < TIMES; time++) {
    const started = performance.now()
    const sent = request({ port, host: '127.0.0.1', path: pathOf('SELECT * FROM sky.star'), agent: false })
    sent.end()
    const [response] = await once(sent, 'response')
    await once(response, 'readable')
    times.push(performance.now() - started)
    sent.destroy()
  }
  return ['first byte of all rows, ms', percentile(times, 0.5).toFixed(1), '≤ 15']
}

async function benchSearches(port: number, positions: string): Promise<readonly Line[]> {
  const lines: Line[] = []
  for (const { title, goalMs, adql, upload } of SEARCHES) {
    const times: number[] = []
    for (let time = 0; time < TIMES; time++) {
      const form = new FormData()
      for (const [name, value] of Object.entries({ LANG: 'ADQL', QUERY: adql })) form.set(name, value)
      if (upload !== undefined) {
        form.set('UPLOAD', `t,param:${upload}`)
        form.set(upload, new Blob([positions], { type: 'text/csv' }), 'positions.csv')
      }
      const started = performance.now()
      const answer = await fetch(`http://127.0.0.1:${port}/tap/sync`, { method: 'POST', body: form })
      const text = await answer.text()
      times.push(performance.now() - started)
      if (answer.status !== 200) throw new Error(text)
    }
    lines.push([`${title}, ms`, percentile(times, 0.5).toFixed(1), `≤ ${goalMs}`])
  }
  return lines
}

const ENDLESS = 'SELECT COUNT(*) AS n FROM sky.star AS a, sky.star AS b WHERE a.ra + b.dec > a.dec * b.ra'

/** How long the query of a client that has gone is still in the database. */
async function benchDisconnect(port: number, pool: pg.Pool): Promise<Line> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET ${pathOf(ENDLESS)} HTTP/1.1\r\nhost: x\r\n\r\n`)
  const isActive = async () => {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity where state = 'active' and application_name = 'almagest tap'`,
    )
    return rowCount !== 0
  }
  while (!(await isActive()));
  const left = performance.now()
  socket.destroy()
  while (await isActive());
  return ['a client goes away: query ends after ms', (performance.now() - left).toFixed(0), '≤ 1000']
}

function peakMiB(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
