import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { dump } from 'js-yaml'
import { from } from 'pg-copy-streams'
import { fillWithMadeUpRows } from '../../local/made-up-rows.ts'
import { prepareFunctions } from '../../local/qserv/run-sql.ts'
import { type LocalQserv, startQserv } from '../../local/qserv/server.ts'
import { HERON_EXAMPLES, SKY_EXAMPLES } from '../../local/sample/examples.ts'
import { HERON, HERON_PLACEMENTS, type Sample, SKY } from '../../local/sample/sample.ts'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import { createTables } from '../../shared/tables/create-tables.ts'
import { type JobsUnderTest, startJobs } from '../functions/tap-jobs-service.ts'
import type { TestDatabase } from '../support/postgres.ts'

/** The service of `npm start` over its real sky, with jobs; stopping it is up to the caller. */
export async function startSky(): Promise<JobsUnderTest> {
  const files = await readFiles(SKY)
  return startJobs({
    keep: true,
    files,
    async tables(database) {
      await makeTables(database, files, SKY)
      await loadSky(database)
    },
    service: [`examples: ${inFlow(SKY_EXAMPLES)}`],
  })
}

/** The service of `npm start` over its survey, which Qserv answers. */
export async function startHeron(): Promise<{ readonly jobs: JobsUnderTest; readonly qserv: LocalQserv }> {
  const files = await readFiles(HERON)
  const service: string[] = []
  let qserv: LocalQserv | undefined
  const jobs = await startJobs({
    ...{ keep: true, files, service, schemas: HERON.schemas },
    async prepare({ pool }, login) {
      await prepareFunctions(pool)
      qserv = await startQserv({ pool, readers: [login] })
      service.push(
        `examples: ${inFlow(HERON_EXAMPLES)}`,
        `query: ${inFlow({ type: 'qserv', qserv: { url: qserv.url, tables: HERON_PLACEMENTS } })}`,
      )
    },
    async tables(database) {
      await makeTables(database, files, HERON)
      await fillWithMadeUpRows(database.pool, ['heron_alerts', 'heron_dr1'])
    },
  })
  if (qserv === undefined) throw new Error('there is no Qserv')
  return { jobs, qserv }
}

function inFlow(value: unknown): string {
  return dump(value, { flowLevel: 0, lineWidth: -1, noRefs: true }).trim()
}

async function readFiles({ folder }: Sample): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return new Map(names.map((name, index) => [name, texts[index] ?? '']))
}

async function makeTables({ pool }: TestDatabase, files: ReadonlyMap<string, string>, sample: Sample): Promise<void> {
  const loader = new FelisLoader(files, DEFAULT_CONTEXT)
  const schemas = sample.schemas.flatMap((name) => loader.load(`${name}.yaml`).schema ?? [])
  await createTables(pool, schemas, { geometry: 'auto', names: 'lower', readers: [], ifNotExists: false, drop: false })
}

async function loadSky({ pool }: TestDatabase): Promise<void> {
  const client = await pool.connect()
  try {
    // `npm start` makes documents of the observations; here they are rows as they come.
    for (const { table, file } of [...SKY.rows, { table: 'ivoa.obscore', file: SKY.observations }]) {
      const copy = client.query(from(`copy ${table} from stdin (format csv, header)`))
      await pipeline(createReadStream(file), createGunzip(), copy)
    }
  } finally {
    client.release()
  }
}
