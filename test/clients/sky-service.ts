import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { dump } from 'js-yaml'
import { from } from 'pg-copy-streams'
import { SKY_EXAMPLES } from '../../local/sample/examples.ts'
import { SKY } from '../../local/sample/sample.ts'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import { createTables } from '../../shared/tables/create-tables.ts'
import { type JobsUnderTest, startJobs } from '../functions/tap-jobs-service.ts'
import type { TestDatabase } from '../support/postgres.ts'

/** The service of `npm start` over its real sky, with jobs; stopping it is up to the caller. */
export async function startSky(): Promise<JobsUnderTest> {
  const names = (await readdir(SKY.folder)).filter((name) => name.endsWith('.yaml'))
  const texts = await Promise.all(names.map((name) => readFile(join(SKY.folder, name), 'utf8')))
  const files = new Map(names.map((name, index) => [name, texts[index] ?? '']))
  return startJobs({
    keep: true,
    files,
    tables: (database) => makeTables(database, files),
    service: [`examples: ${dump(SKY_EXAMPLES, { flowLevel: 0, lineWidth: -1 }).trim()}`],
  })
}

async function makeTables({ pool }: TestDatabase, files: ReadonlyMap<string, string>): Promise<void> {
  const loader = new FelisLoader(files, DEFAULT_CONTEXT)
  const schemas = SKY.schemas.flatMap((name) => loader.load(`${name}.yaml`).schema ?? [])
  await createTables(pool, schemas, { geometry: 'auto', names: 'lower', readers: [], ifNotExists: false, drop: false })
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
