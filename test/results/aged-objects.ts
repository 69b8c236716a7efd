import type { FakeGcs } from '../support/fake-gcs.ts'

/** Puts an object that has been there for so long. */
export async function putAged(gcs: FakeGcs, name: string, ageMs: number, fields: object = {}): Promise<void> {
  const resource = await gcs.put('results', name, name, fields)
  const timeCreated = new Date(Date.now() - ageMs).toISOString()
  await gcs.store.update({ ...resource, timeCreated })
}

export function namesIn(gcs: FakeGcs): string[] {
  const names = (gcs.store.objects('results') ?? []).map(({ name }) => name)
  return names.filter((name) => !name.startsWith('.almagest/'))
}

/** An environment file for the results bucket. */
export function resultsEnvironment(endpoint: string, options: { mode?: string; jobs?: string; more?: string } = {}) {
  return `
storage: {apiEndpoint: "${endpoint}"}
results:
  bucket: results
  mode: ${options.mode ?? 'delete'}
  rules:
    results: {kind: result, pattern: '^(result|error)_(?<job>[a-z0-9]+)\\.(xml|parquet)$', retention: 7d}
    sharded: {kind: result, pattern: '^r/[0-9a-f]{2}/(?<job>[^/]+)/\\d+/result\\.vot$', retention: 7d}
    scratch: {kind: temporary, pattern: '^t/.+$', retention: 2d, minimumAge: 1h}
  limits: {deletesPerSecond: 5000, deletePercent: 100}
${options.jobs === undefined ? '' : `  jobs: {databaseUrl: "${options.jobs}"}`}
${options.more ?? ''}
`
}

export const UWS_TABLE = `
  create schema uws;
  create table uws.Job (jobID varchar(16) primary key, executionPhase varchar(16) not null, destructionTime timestamp,
    deletedByUser smallint not null default 0, creationTime timestamp not null default (now() at time zone 'UTC'))`
