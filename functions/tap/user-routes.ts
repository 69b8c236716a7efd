import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import { limitsOf } from '../../shared/environment/tap-quotas.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { COUNT, list, object, TEXT, TIME } from '../../shared/platform/http/json-schema.ts'
import { type ApiRequest, type Route, route } from '../../shared/platform/http/route.ts'
import { readTableUsage } from '../../shared/user-tables/change-tables.ts'
import { listNotifications, type Notification } from '../../shared/uws/notify.ts'
import { readUsage } from '../../shared/uws/quota.ts'
import type { Access } from './access.ts'
import { findServer } from './find-server.ts'
import { SERVER } from './metadata-routes.ts'
import { holderOf, ownerOf } from './quota-holder.ts'

type Request = Pick<ApiRequest<{ readonly server: string }>, 'params' | 'caller'>

const NOTIFICATION = object({ id: TEXT, kind: TEXT, message: TEXT, created: TIME, until: TIME })

const LIMITS = ['underway', 'queued', 'sync', 'storedBytes', 'tables', 'tableBytes'] as const
const TABLES = ['tables', 'tableBytes'] as const
const ALL_COUNTS = Object.fromEntries(LIMITS.map((name) => [name, COUNT]))

/** What concerns the caller: messages, limits and usage, in JSON. */
export function userRoutes({ servers }: TapDependencies, { guarded }: Access): readonly Route[] {
  const open = async (name: string) => {
    const { service, openJobs } = findServer(servers, name)
    if (service.jobs === null || openJobs === null) {
      throw new HttpError(404, {
        msg: `the service ${name} has no jobs, and so no messages and quotas`,
        type: 'no_jobs',
      })
    }
    return { service, jobs: service.jobs, backend: await openJobs() }
  }
  const shared = { method: 'GET', params: SERVER, errors: [401, 403, 404, 503], ...guarded } as const
  return [
    route({
      ...shared,
      path: '/{server}/notifications',
      operation: 'listNotifications',
      summary: 'Messages for the caller: maintenance, a quota that was reached; the newest first',
      answers: { 'application/json': object({ notifications: list(NOTIFICATION) }) },
      async handle({ params, caller }: Request) {
        const { backend } = await open(params.server)
        const found = await listNotifications(backend.pool, params.server, ownerOf(caller))
        return { body: { notifications: found.map(describeNotification) } }
      },
    }),
    route({
      ...shared,
      path: '/{server}/quota',
      operation: 'readQuota',
      summary: 'What the caller may have at once, and has: a limit that is left out does not exist',
      answers: {
        'application/json': object({ limits: object(ALL_COUNTS, LIMITS), usage: object(ALL_COUNTS, TABLES) }),
      },
      async handle({ params, caller }: Request) {
        const { service, jobs, backend } = await open(params.server)
        const owner = ownerOf(caller)
        const usage = await readUsage(backend.pool, params.server, owner)
        const hasTables = service.userTables !== null && owner !== null
        const ofTables = hasTables ? await readTableUsage(backend.pool, params.server, owner) : {}
        return { body: { limits: limitsOf(jobs.quotas, holderOf(caller)), usage: { ...usage, ...ofTables } } }
      },
    }),
  ]
}

function describeNotification({ id, kind, message, created, until }: Notification) {
  return { id, kind, message, created: created.toISOString(), until: until.toISOString() }
}
