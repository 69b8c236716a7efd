import pg from 'pg'
import { databaseUrl, JOBS_DATABASE } from './databases.ts'
import { describeObject, type WritableFields } from './gcs/resource.ts'
import type { ObjectStore } from './gcs/store.ts'

export const RESULTS_BUCKET = 'results'

interface SampleResult {
  readonly name: string
  readonly ageHours: number
  /** null: no job, or one that is not in the table any more. */
  readonly job: {
    readonly id: string
    readonly phase: string
    /** From now; null: never. */
    readonly destructionHours: number | null
    readonly deletedByUser?: true
  } | null
  readonly fields?: WritableFields
}

const DAY = 24

/** One for each thing that can become of a result. */
const SAMPLES: readonly SampleResult[] = [
  { name: 'result_heronfresh000001.xml', ageHours: 2, job: ended('heronfresh000001', 7 * DAY) },
  { name: 'result_heronkept0000002.parquet', ageHours: 3 * DAY, job: ended('heronkept0000002', 4 * DAY) },
  { name: 'result_heronextend00003.xml', ageHours: 20 * DAY, job: ended('heronextend00003', 30 * DAY) },
  { name: 'result_heronover0000004.xml', ageHours: 9 * DAY, job: ended('heronover0000004', -2 * DAY) },
  { name: 'error_heronerror000005.xml', ageHours: 9 * DAY, job: ended('heronerror000005', -2 * DAY, 'ERROR') },
  {
    name: 'result_heronremoved0006.xml',
    ageHours: 2 * DAY,
    job: { ...ended('heronremoved0006', 5 * DAY), deletedByUser: true },
  },
  { name: 'result_heronrunning0007.xml', ageHours: 40 * DAY, job: ended('heronrunning0007', -33 * DAY, 'EXECUTING') },
  { name: 'result_heronorphan00008.xml', ageHours: 12 * DAY, job: null },
  { name: 'result_heronheld0000009.xml', ageHours: 12 * DAY, job: null, fields: { temporaryHold: true } },
  { name: 'r/3f/heronshard000010/1/result.vot', ageHours: 12 * DAY, job: ended('heronshard000010', -5 * DAY) },
  { name: 't/upload-1.csv', ageHours: 3 * DAY, job: null },
  { name: 't/upload-2.csv', ageHours: 12, job: null },
  { name: 'README.txt', ageHours: 100 * DAY, job: null },
]

function ended(id: string, destructionHours: number, phase = 'COMPLETED') {
  return { id, phase, destructionHours }
}

/** The section `results` of an environment file. */
export function describeResults(postgresUrl: string): object {
  return {
    bucket: RESULTS_BUCKET,
    mode: 'dry-run',
    rules: {
      results: { kind: 'result', pattern: '^(result|error)_(?<job>[a-z0-9]+)\\.(xml|parquet)$', retention: '7d' },
      sharded: { kind: 'result', pattern: '^r/[0-9a-f]{2}/(?<job>[^/]+)/\\d+/result\\.vot$', retention: '7d' },
      uploads: { kind: 'upload', pattern: '^t/.+$', retention: '1d', minimumAge: '1h' },
    },
    jobs: { databaseUrl: databaseUrl(postgresUrl, JOBS_DATABASE, 'collector') },
  }
}

/** Puts the samples into the bucket, as old as they should be; those of an earlier start are made young again. */
export async function putSampleResults(store: ObjectStore): Promise<void> {
  const now = Date.now()
  for (const { name, ageHours, fields } of SAMPLES) {
    const content = Buffer.from(`A sample of ${name}.\n`.repeat(100))
    const described = describeObject(RESULTS_BUCKET, name, await store.nextGeneration(), content, fields ?? {})
    const timeCreated = new Date(now - ageHours * 3_600_000).toISOString()
    await store.put({ ...described, timeCreated, updated: timeCreated }, content)
  }
}

/** Makes the table of jobs, as CADC's UWS library keeps them, and the jobs of the samples with times from now. */
export async function putSampleJobs(postgresUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(postgresUrl, JOBS_DATABASE) })
  await client.connect()
  try {
    await client.query(TABLE)
    for (const { job, ageHours } of SAMPLES) {
      if (job === null) continue
      const { id, phase, destructionHours, deletedByUser = false } = job
      await client.query(UPSERT, [id, phase, destructionHours, deletedByUser ? 1 : 0, ageHours])
    }
  } finally {
    await client.end()
  }
}

const TABLE = `
  create schema if not exists uws;
  create table if not exists uws.Job (
    jobID varchar(16) primary key,
    executionPhase varchar(16) not null,
    destructionTime timestamp,
    deletedByUser smallint not null default 0,
    creationTime timestamp not null
  );
  grant usage on schema uws to collector;
  grant select on uws.Job to collector`

const UPSERT = `
  insert into uws.Job (jobID, executionPhase, destructionTime, deletedByUser, creationTime)
  values ($1, $2, (now() at time zone 'UTC') + make_interval(hours => $3::int), $4,
          (now() at time zone 'UTC') - make_interval(hours => $5::int))
  on conflict (jobID) do update
     set executionPhase = excluded.executionPhase, destructionTime = excluded.destructionTime,
         deletedByUser = excluded.deletedByUser, creationTime = excluded.creationTime`
