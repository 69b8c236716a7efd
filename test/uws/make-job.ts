import type pg from 'pg'
import { createJob, type NewJob, newJobId } from '../../shared/uws/create-job.ts'
import type { Job, JobResult } from '../../shared/uws/job.ts'
import type { Limits } from '../../shared/uws/quota.ts'

export const RESULT: JobResult = {
  object: 'r/00/job/1/result.vot',
  generation: '1',
  bytes: 12,
  contentType: 'text/xml',
  rows: 1,
  overflow: false,
}

/** A job without an owner that is not to run, unless said otherwise. */
export function makeJob(pool: pg.Pool, job: Partial<NewJob> = {}, limits: Limits = {}): Promise<Job> {
  const given = {
    id: newJobId(),
    server: 'tap',
    owner: null,
    runId: null,
    parameters: [{ name: 'QUERY', value: 'select 1 from t' }],
    uploads: [],
    executionSeconds: 60,
    keptSeconds: 3600,
    run: false,
    ...job,
  }
  return createJob(pool, given, limits)
}

/** An uploaded table of so many bytes. */
export function uploadOf(bytes: number, name = 'mine') {
  return { name, object: `u/${name}`, generation: '1', bytes, contentType: 'text/csv' }
}
