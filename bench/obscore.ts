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

const SINGLES = 400
const ROUNDS = 9

/**
 * What a trigger costs Rucio: single statements and bulk statements without one, with that of the SKA's integration, and with
 * ours with all its indexes, by turns; then a rebuild, and exchanges under readers that count.
 */
export async function benchObscore(dids: number): Promise<readonly (readonly string[])[]> {
  const server = await startPostgres({ stateDirectory: null, unsafe: true })
  const open: pg.Client[] = []
  try {
    const kinds = ['no trigger', 'SKA', 'Almagest', 'Almagest, 1 % bad'] as const
    const clients: pg.Client[] = []
    for (const [index, kind] of kinds.entries()) {
      const client = await prepare(server.url, `bench_${index}`, kind)
      open.push(client)
      clients.push(client)
    }
    const singles = kinds.map((): number[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, client] of clients.entries()) {
        const from = round * SINGLES
        const documents = Array.from({ length: SINGLES }, (_, i) => documentOf(from + i, kinds[index] ?? ''))
        const started = performance.now()
        for (const [i, document] of documents.entries()) {
          await client.query({ name: 'write', text: WRITE, values: ['s', `single-${from + i}`, 'def', document] })
        }
        singles[index]?.push(((performance.now() - started) * 1000) / SINGLES)
      }
    }
    const [base = 0, ska = 0] = singles.map((times) => percentile(times, 0.5))
    const head = ['', 'one statement', 'beside none', 'beside SKA', 'bulk insert', 'update', 'update of nothing']
    const rows = [head]
    for (const [index, client] of clients.entries()) {
      const single = percentile(singles[index] ?? [], 0.5)
      const bulk = await benchBulk(client, Math.min(dids, 20_000), kinds[index] ?? '')
      const ratio = (value: number) => value.toFixed(2)
      rows.push([kinds[index] ?? '', `${single.toFixed(0)} µs`, ratio(single / base), ratio(single / ska), ...bulk])
    }
    const [, , ours] = clients
    return ours === undefined ? rows : [...rows, ...(await benchRebuild(ours, server.url, dids))]
  } finally {
    await Promise.all(open.map((client) => client.end()))
    await server.stop()
  }
}

async function prepare(url: string, name: string, kind: string): Promise<pg.Client> {
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
  if (kind === 'SKA') await client.query(SKA_TRIGGER)
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

async function benchBulk(client: pg.Client, rows: number, kind: string): Promise<string[]> {
  await client.query('create temporary table bulk (scope varchar, name varchar, data jsonb)')
  await fill(client, 'bulk', rows, kind, false)
  const speed = async (sql: string) => {
    const started = performance.now()
    await client.query(sql)
    return `${Math.round(rows / (performance.now() - started))} k/s`
  }
  return [
    await speed("insert into dids (vo, scope, name, data) select 'def', scope, name, data from bulk"),
    await speed(`update dids set data = data || '{"target_name": "x"}' where scope = 'bulk'`),
    await speed("update dids set data = data where scope = 'bulk'"),
  ]
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

async function benchRebuild(client: pg.Client, url: string, dids: number): Promise<readonly string[][]> {
  await client.query('truncate dids')
  await client.query('alter table dids disable trigger all')
  await fill(client, 'dids', dids, '', true)
  await client.query('alter table dids enable always trigger almagest_obscore; analyze dids')
  const own = new URL(url)
  own.pathname = '/bench_2'
  const pool = new pg.Pool({ connectionString: own.href, max: 5 })
  try {
    const first = await rebuildObscore(pool, DEFAULT_MAPPING, { batchRows: 10_000 })
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
    const rest = (cells: readonly string[]) => [...cells, ...Array.from({ length: 7 - cells.length }, () => '')]
    return [
      rest([
        `rebuild of ${dids.toLocaleString('en')}`,
        `${filled} rows/s`,
        `${whole} rows/s with indexes and exchange`,
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
