import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import pg from 'pg'
import { startPostgres } from '../local/postgres.ts'
import { OBSCORE_COLUMNS } from '../shared/obscore/columns.ts'
import { installObscore } from '../shared/obscore/install.ts'
import { DEFAULT_MAPPING } from '../shared/obscore/mapping.ts'
import { rebuildObscore } from '../shared/obscore/rebuild.ts'
import { percentile } from './measure.ts'
import type { ReaderReport, ReaderTask } from './obscore-reader.ts'

/** What Rucio's plugin sends (set_metadata). */
const WRITE = `INSERT INTO dids (scope, name, vo, data) VALUES ($1, $2, $3, $4)
  ON CONFLICT (scope, name) DO UPDATE SET data = dids.data || EXCLUDED.data`

const SINGLES = 200
const ROUNDS = 12
const BULK_ROUNDS = 4
const BULK_ROWS = 5_000

const KINDS = ['no trigger', 'SKA', 'SKA, our indexes', 'Almagest', 'Almagest, 1 % bad'] as const
type Kind = (typeof KINDS)[number]

interface Contender {
  readonly kind: Kind
  readonly client: pg.Client
  readonly process: number
  /** Of each round: µs of one statement. */
  readonly wall: number[]
  readonly cpu: number[]
  /** Of each round, for each of {@link BULK}: rows a second. */
  readonly bulk: number[][]
}

/**
 * What a trigger costs Rucio: single statements and bulk statements without one, with that of the SKA's integration (as it
 * is, and with as many indexes on its table as ours has), and with ours, by turns; then a rebuild, and exchanges under
 * readers that count. Where the machine is not ours alone, compare the server's CPU time.
 */
export async function benchObscore(dids: number): Promise<readonly (readonly string[])[]> {
  const server = await startPostgres({ stateDirectory: null, unsafe: true })
  const contenders: Contender[] = []
  try {
    for (const [index, kind] of KINDS.entries()) {
      const client = await prepare(server.url, `bench_${index}`, kind)
      const { rows } = await client.query('select pg_backend_pid() as process')
      contenders.push({ kind, client, process: rows[0].process, wall: [], cpu: [], bulk: BULK.map(() => []) })
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const contender of contenders) await benchSingles(contender, round)
    }
    for (let round = 0; round < BULK_ROUNDS; round++) {
      for (const contender of contenders) await benchBulk(contender, round)
    }
    const ours = contenders.findIndex(({ kind }) => kind === 'Almagest')
    const { client } = contenders[ours] ?? {}
    const rebuilds = client === undefined ? [] : await benchRebuild(client, server.url, `bench_${ours}`, dids)
    return [...describeTriggers(contenders), ...rebuilds]
  } finally {
    await Promise.all(contenders.map(({ client }) => client.end()))
    await server.stop()
  }
}

function describeTriggers(contenders: readonly Contender[]): readonly string[][] {
  const head = [
    '',
    'one statement',
    'beside none',
    'beside SKA',
    'CPU',
    'CPU beside SKA',
    ...BULK.map(([name]) => name),
  ]
  // A fourth of the rounds was quieter.
  const quiet = (times: readonly number[]) => percentile(times, 0.25)
  const [none, ska] = contenders
  const ratio = (value: number, other: number) => (value / other).toFixed(2)
  const rows = contenders.map(({ kind, wall, cpu, bulk }) => [
    kind,
    `${quiet(wall).toFixed(0)} µs`,
    ratio(quiet(wall), quiet(none?.wall ?? [])),
    ratio(quiet(wall), quiet(ska?.wall ?? [])),
    `${quiet(cpu).toFixed(0)} µs`,
    ratio(quiet(cpu), quiet(ska?.cpu ?? [])),
    ...bulk.map((speeds) => `${(Math.max(...speeds) / 1000).toFixed(0)} k/s`),
  ])
  return [head, ...rows]
}

async function benchSingles({ kind, client, process, wall, cpu }: Contender, round: number): Promise<void> {
  const from = round * SINGLES
  const documents = Array.from({ length: SINGLES }, (_, i) => documentOf(from + i, kind))
  const [started, used] = [performance.now(), cpuTimeOf(process)]
  for (const [i, document] of documents.entries()) {
    await client.query({ name: 'write', text: WRITE, values: ['s', `single-${from + i}`, 'def', document] })
  }
  wall.push(((performance.now() - started) * 1000) / SINGLES)
  cpu.push((cpuTimeOf(process) - used) / SINGLES)
}

/** Of a process, in µs; NaN on systems that do not say it to others. */
function cpuTimeOf(process: number): number {
  try {
    return Number(readFileSync(`/proc/${process}/schedstat`, 'utf8').split(' ', 1)[0]) / 1000
  } catch {
    return Number.NaN
  }
}

async function prepare(url: string, name: string, kind: Kind): Promise<pg.Client> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`create database ${name}`)
  await admin.end()
  const own = new URL(url)
  own.pathname = `/${name}`
  const client = new pg.Client({ connectionString: own.href })
  await client.connect()
  await client.query(`create table dids (id bigint generated always as identity, vo varchar not null, scope varchar not null,
    name varchar not null, data jsonb default '{}', unique (scope, name))`)
  if (kind.startsWith('SKA')) await client.query(SKA_TRIGGER)
  if (kind === 'SKA, our indexes') await client.query(SKA_INDEXES)
  if (kind.startsWith('Almagest')) {
    const pool = new pg.Pool({ connectionString: own.href, max: 1 })
    await installObscore(pool, DEFAULT_MAPPING)
    await pool.end()
  }
  return client
}

/** As the SKA Rucio–IVOA integration does it, with regions as text. */
const SKA_TRIGGER = `
create schema ivoa;
create type obscore_row as (scope varchar, name varchar, ${OBSCORE_COLUMNS.slice(0, 30)
  .map(({ name, sqlType }) => `${name} ${sqlType}`)
  .join(', ')});
create table ivoa.obscore of obscore_row (
  primary key (scope, name), calib_level not null, obs_collection not null, obs_id not null, obs_publisher_did not null);
create function update_obscore() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then delete from ivoa.obscore where scope = old.scope and name = old.name; end if;
  insert into ivoa.obscore select * from jsonb_populate_record(
    null::obscore_row, new.data || jsonb_build_object('scope', new.scope, 'name', new.name));
  return new;
exception when not_null_violation then
  raise notice 'incomplete';
  return new;
end $$;
create trigger update_obscore after insert or update on dids for each row execute function update_obscore()`

/** As many as ours has, and of the same kinds; the bounds of a region are a number here. */
const SKA_INDEXES = `
create index on ivoa.obscore using spgist ((obs_publisher_did::text));
create index on ivoa.obscore using spgist ((obs_id::text));
create index on ivoa.obscore using spgist ((obs_collection::text));
create index on ivoa.obscore (t_min);
create index on ivoa.obscore (s_dec);
create index on ivoa.obscore (s_ra)`

/** An observation with a small region. */
function documentOf(index: number, kind: string): string {
  const round = (value: number) => Number(value.toFixed(6))
  const [ra, dec] = [round((index * 137.507764) % 358), round(((index * 7919) % 15_000) / 100 - 75)]
  return JSON.stringify({
    ...{ dataproduct_type: 'visibility', calib_level: kind.endsWith('bad') && index % 100 === 0 ? 'raw' : index % 5 },
    ...{
      obs_collection: 'SKA-Mid AA2',
      obs_id: `eb-m001-${index >> 3}`,
      obs_publisher_did: `ivo://skao.int/data?eb-${index}`,
    },
    ...{
      access_url: `https://datalink.skao.int/links?id=mid:file-${index}`,
      access_format: 'application/x-votable+xml;content=datalink',
    },
    ...{
      access_estsize: 734_003_200 + index,
      target_name: `field ${index % 100}`,
      s_ra: ra,
      s_dec: dec,
      s_fov: 1.2,
      s_resolution: 0.5,
    },
    ...{
      t_min: 61_100 + index / 1000,
      t_max: 61_100.02 + index / 1000,
      t_exptime: 1728.5,
      em_min: 0.1713,
      em_max: 0.3156,
      em_xel: 13_000,
    },
    ...{
      o_ucd: 'phot.flux.density',
      pol_states: '/XX/YY/XY/YX/',
      pol_xel: 4,
      facility_name: 'SKA-Mid',
      instrument_name: 'Band 2',
    },
    s_region: `Polygon ICRS ${ra} ${dec} ${round(ra + 1)} ${dec} ${round(ra + 1)} ${round(dec + 1)} ${ra} ${round(dec + 1)}`,
  })
}

const BULK = [
  ['bulk insert', "insert into dids (vo, scope, name, data) select 'def', $1, name, data from bulk"],
  ['update', `update dids set data = data || '{"target_name": "x"}' where scope = $1`],
  ['update of nothing', 'update dids set data = data where scope = $1'],
] as const

async function benchBulk({ kind, client, bulk }: Contender, round: number): Promise<void> {
  await client.query(`drop table if exists bulk;
    create temporary table bulk (scope varchar, name varchar, data jsonb)`)
  await fill(client, 'bulk', BULK_ROWS, kind, false)
  for (const [index, [, sql]] of BULK.entries()) {
    const started = performance.now()
    await client.query(sql, [`bulk-${round}`])
    bulk[index]?.push((BULK_ROWS / (performance.now() - started)) * 1000)
  }
}

const PAGE = 2_000

async function fill(client: pg.Client, table: string, rows: number, kind: string, ofRucio: boolean): Promise<void> {
  for (let from = 0; from < rows; from += PAGE) {
    const documents = Array.from({ length: Math.min(PAGE, rows - from) }, (_, i) => documentOf(from + i, kind))
    await client.query(
      `insert into ${table} (scope, name, data${ofRucio ? ', vo' : ''})
       select 'bulk', 'f-' || ($2::int + i), d${ofRucio ? ", 'def'" : ''} from jsonb_array_elements($1) with ordinality as a(d, i)`,
      [`[${documents.join(',')}]`, from],
    )
  }
}

const EXCHANGES = 5
const SESSIONS = 5

/** All that a pool may open; @returns the processes behind them */
async function openSessions(pool: pg.Pool): Promise<readonly number[]> {
  const clients = await Promise.all(Array.from({ length: SESSIONS }, () => pool.connect()))
  const answers = await Promise.all(clients.map((client) => client.query('select pg_backend_pid() as process')))
  for (const client of clients) client.release()
  return answers.map(({ rows }) => rows[0].process)
}

async function benchRebuild(
  client: pg.Client,
  url: string,
  database: string,
  dids: number,
): Promise<readonly string[][]> {
  await client.query('truncate dids')
  await client.query('alter table dids disable trigger all')
  await fill(client, 'dids', dids, '', true)
  await client.query('alter table dids enable always trigger almagest_obscore; analyze dids')
  // What was done before is not to be written to disk meanwhile.
  await client.query('checkpoint')
  const own = new URL(url)
  own.pathname = `/${database}`
  const pool = new pg.Pool({ connectionString: own.href, max: SESSIONS, idleTimeoutMillis: 0 })
  try {
    const processes = await openSessions(pool)
    const used = () => processes.map(cpuTimeOf).reduce((sum, time) => sum + time, 0)
    const before = used()
    let filling = Number.NaN
    const first = await rebuildObscore(pool, DEFAULT_MAPPING, {
      batchRows: 10_000,
      onProgress({ phase }) {
        if (phase === 'indexing') filling = used() - before
      },
    })
    const task: ReaderTask = { url: own.href, expected: dids }
    const readers = Array.from({ length: 2 }, () => startReader(task))
    const waits: number[] = []
    for (let turn = 0; turn < EXCHANGES; turn++) {
      waits.push((await rebuildObscore(pool, DEFAULT_MAPPING)).exchangeMs)
    }
    const reports = await Promise.all(readers.map((reader) => reader.stop()))
    const total = (field: keyof ReaderReport) => String(reports.reduce((sum, report) => sum + report[field], 0))
    const filled = Math.round((first.records / first.fillMs) * 1000).toLocaleString('en')
    const whole = Math.round((first.records / first.durationMs) * 1000).toLocaleString('en')
    const rest = (cells: readonly string[]) => [
      ...cells,
      ...Array.from({ length: 6 + BULK.length - cells.length }, () => ''),
    ]
    return [
      rest([
        `rebuild of ${dids.toLocaleString('en')}`,
        `${filled} rows/s`,
        `${whole} rows/s with indexes and exchange`,
        '',
        `${(filling / first.records).toFixed(1)} µs a row, without indexes`,
      ]),
      rest([
        `${EXCHANGES} exchanges under 2 readers`,
        `${total('queries')} queries`,
        `${total('errors')} errors`,
        `${total('mixed')} mixed`,
        `locks held ${Math.max(...waits).toFixed(0)} ms at most`,
      ]),
    ]
  } finally {
    await pool.end()
  }
}

function startReader(task: ReaderTask): { stop(): Promise<ReaderReport> } {
  const worker = new Worker(new URL('./obscore-reader.ts', import.meta.url), { workerData: task })
  const report = new Promise<ReaderReport>((done, fail) => worker.once('message', done).once('error', fail))
  return {
    stop() {
      worker.postMessage('stop')
      return report
    },
  }
}
