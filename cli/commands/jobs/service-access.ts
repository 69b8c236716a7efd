import { changeJob, deleteJob, listJobs, readJob, type ServiceAddress } from '../../tap-client/job-client.ts'
import type { UwsJob } from '../../tap-client/job-document.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import type { JobAccess, ShownJob } from './job-access.ts'

/** The jobs of a user at any TAP service, by UWS. */
export function openServiceAccess(service: ServiceAddress): JobAccess {
  const addressOf = (id: string) => addressOfJob(service, id)
  return {
    async list({ phases, owner, after, last }) {
      if (owner !== undefined)
        throw new UsageError('--owner works with --environment only: a service shows your own jobs')
      const jobs = await listJobs(service, [
        ...phases.map((phase) => ['PHASE', phase] as const),
        ...(after === undefined ? [] : [['AFTER', after.toISOString()] as const]),
        ['LAST', String(last)],
      ])
      return jobs.map((job) => shownOf(service, job))
    },
    show: async (id) => shownOf(service, await readJob(service, addressOf(id))),
    async abort(id) {
      await changeJob(service, `${addressOf(id)}/phase`, { PHASE: 'ABORT' })
      return (await readJob(service, addressOf(id))).phase
    },
    delete: (id) => deleteJob(service, addressOf(id)),
    async share(id, { users, groups, until, remove }) {
      const form = new URLSearchParams([
        ...users.map((user) => ['USER', user]),
        ...groups.map((group) => ['GROUP', group]),
        ...(until === undefined ? [] : [['UNTIL', until.toISOString()]]),
        ...(remove ? [['ACTION', 'REMOVE']] : []),
      ])
      await changeJob(service, `${addressOf(id)}/share`, form)
    },
  }
}

/** An id, or the address of a job as services give it. */
function addressOfJob({ url }: ServiceAddress, id: string): string {
  if (id.startsWith(`${url}/async/`)) return id
  if (/^[^/?#\s]+$/.test(id)) return `${url}/async/${encodeURIComponent(id)}`
  throw new UsageError(`${JSON.stringify(id)} is not the id of a job of ${url}`)
}

function shownOf({ url }: ServiceAddress, job: UwsJob): ShownJob {
  const { results, parameters, ...known } = job
  const [result] = results
  return {
    ...known,
    server: null,
    query: parameters.find(([name]) => name.toUpperCase() === 'QUERY')?.[1] ?? null,
    parameters,
    result: result === undefined ? null : (URL.parse(result.href, `${url}/async/${job.id}/`)?.href ?? result.href),
    bytes: result?.bytes ?? null,
  }
}
