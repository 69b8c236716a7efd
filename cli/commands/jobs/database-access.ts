import type pg from 'pg'
import { Failure } from '../../../shared/failure.ts'
import { abortJob, deleteJob } from '../../../shared/uws/change-job.ts'
import type { Job } from '../../../shared/uws/job.ts'
import { isActive } from '../../../shared/uws/phase.ts'
import { listAllJobs, readJob } from '../../../shared/uws/read-jobs.ts'
import { type Grantee, shareJob, unshareJob } from '../../../shared/uws/share-job.ts'
import { onJobDatabases } from '../server/job-databases.ts'
import type { JobAccess, ShownJob } from './job-access.ts'

/** The jobs of everybody, in the tables of an environment: for operators. */
export function openDatabaseAccess(environment: string, server: string | undefined): JobAccess {
  /** Does something with the job where it is. */
  const onJob = async <T>(id: string, work: (pool: pg.Pool, job: Job) => Promise<T>): Promise<T> => {
    const done = await onJobDatabases(environment, server, async (pool, name) => {
      const job = await readJob(pool, name, id)
      return job === undefined ? undefined : { value: await work(pool, job) }
    })
    const [found] = done.filter((one) => one !== undefined)
    if (found === undefined) throw new NoJobError(id)
    return found.value
  }
  return {
    async list({ owner, phases, after, last }) {
      const filter = { owner: owner ?? null, phases, after: after ?? null, last }
      const found = await onJobDatabases(environment, server, (pool, name) =>
        listAllJobs(pool, { server: name, ...filter }),
      )
      const jobs = found.flat().sort((a, b) => b.created.getTime() - a.created.getTime())
      return jobs.slice(0, last).map(shownOf)
    },
    show: (id) => onJob(id, async (_pool, job) => shownOf(job)),
    abort: (id) =>
      onJob(id, async (pool, job) => {
        const aborted = isActive(job.phase) ? await abortJob(pool, id, 'An operator has ended the job.') : undefined
        // Where it has ended meanwhile, it is what it is now.
        return (aborted ?? (await readJob(pool, job.server, id)) ?? job).phase
      }),
    delete: (id) => onJob(id, async (pool) => void (await deleteJob(pool, id))),
    share: (id, { users, groups, until, remove }) =>
      onJob(id, async (pool, job) => {
        if (job.owner === null) throw new NoOwnerError(id)
        const grantees: readonly Grantee[] = [
          ...users.map((name) => ({ type: 'user' as const, name })),
          ...groups.map((name) => ({ type: 'group' as const, name })),
        ]
        await (remove ? unshareJob(pool, id, grantees) : shareJob(pool, id, grantees, until ?? null))
      }),
  }
}

class NoJobError extends Failure {
  constructor(id: string) {
    super('missing', 'job_not_found', `no TAP server of the environment has a job ${JSON.stringify(id)}`)
  }
}

class NoOwnerError extends Failure {
  constructor(id: string) {
    super('conflict', 'no_owner', `the job ${id} has no owner: who has its address can read it`)
  }
}

function shownOf(job: Job): ShownJob {
  const { id, server, owner, phase, runId, executionSeconds, result, error } = job
  return {
    ...{ id, server, owner, phase, runId, executionSeconds },
    created: job.created.toISOString(),
    started: job.started?.toISOString() ?? null,
    ended: job.ended?.toISOString() ?? null,
    destruction: job.destruction.toISOString(),
    query: job.parameters.find(({ name }) => name === 'QUERY')?.value ?? null,
    parameters: job.parameters.map(({ name, value }) => [name, value] as const),
    result: result?.object ?? null,
    bytes: result?.bytes ?? null,
    error: error?.message ?? null,
  }
}
