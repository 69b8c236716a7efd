import { HttpError } from '../../shared/platform/http/errors.ts'
import { type ApiRequest, type JsonSchema, NO_CONTROLS, type Route, route } from '../../shared/platform/http/route.ts'
import { descriptionRoute, healthRoute } from '../../shared/platform/http/service-routes.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { destroyJob } from '../../shared/results/delete/destroy-job.ts'
import { readSweeps } from '../../shared/results/sweep/read-sweeps.ts'
import { sweepResults } from '../../shared/results/sweep/sweep.ts'
import { VERSION } from '../../shared/version.ts'
import type { CollectDependencies } from './dependencies.ts'
import { SCHEMAS } from './schemas.ts'

export interface RouteOptions {
  readonly logger: Logger
  /** Where the paths start, for the description. */
  readonly base: string
}

function json(name: keyof typeof SCHEMAS): { readonly 'application/json': JsonSchema } {
  return { 'application/json': { $ref: `#/components/schemas/${name}` } }
}

/** Everything that `collect-results` answers; its OpenAPI description is made from the same table. */
export function createRoutes(dependencies: CollectDependencies, options: RouteOptions): readonly Route[] {
  const { results } = dependencies
  const { logger } = options
  const routes: Route[] = [
    route({
      method: 'POST',
      path: '/',
      operation: 'sweepResults',
      summary: 'One sweep over the results bucket, or as much of it as the time allows',
      description:
        'Whether it deletes is decided by the environment. A paused sweep continues at the next call; while another one runs, nothing happens.',
      ignoresQuery: true,
      answers: json('SweepReport'),
      errors: [409, 503],
      async handle({ headers }) {
        const { mode, limits } = results.config
        const request = { mode, timeBudgetMs: limits.timeBudgetMs, scheduledFor: readSchedule(headers) }
        return { body: await sweepResults(results.config, { ...results, logger }, request) }
      },
    }),
    route({
      method: 'GET',
      path: '/sweeps',
      operation: 'readSweeps',
      summary: 'What the last sweep that has finished came to, and whether one is under way',
      answers: json('Sweeps'),
      errors: [503],
      handle: async () => ({ body: await readSweeps(results.config, results) }),
    }),
    route({
      method: 'POST',
      path: '/jobs/{id}/destroy',
      operation: 'destroyJob',
      summary: 'Delete the results of one job now',
      description:
        'Of any age, but objects under a hold or a retention policy are kept. The job itself is not touched.',
      params: { id: { description: 'The UWS job id', maxLength: MAX_JOB_ID, pattern: NO_CONTROLS } },
      answers: json('DestroyReport'),
      errors: [400, 409, 503],
      async handle({ params, caller }) {
        const { mode } = results.config
        logger.info(`results of job ${params.id} are to be destroyed`, { job: params.id, mode, actor: caller.actor })
        const job = requireJobId(params.id)
        return { body: await destroyJob(results.config, { ...results, logger }, { job, mode }) }
      },
    }),
    healthRoute(json('Health')),
  ]
  const { requiresCaller } = dependencies.identify
  routes.push(descriptionRoute(routes, { ...ABOUT, base: options.base, callerRequired: requiresCaller }))
  return routes
}

/** Cloud Scheduler calls at least once for each time; job and time together say whether it is a repetition. */
function readSchedule(headers: ApiRequest['headers']): string | null {
  const [job, time] = ['x-cloudscheduler-jobname', 'x-cloudscheduler-scheduletime'].map((name) => headers[name])
  return time === undefined ? null : [job ?? [], time].flat().join(' ')
}

const MAX_JOB_ID = 256

function requireJobId(id: string): string {
  if (id.length <= MAX_JOB_ID && !/\p{Cc}/u.test(id)) return id
  const msg = `a job id has at most ${MAX_JOB_ID} characters, and no control characters`
  throw new HttpError(400, { msg, type: 'invalid_job_id', loc: ['path', 'id'] })
}

const ABOUT = {
  title: 'Almagest collect-results',
  version: VERSION,
  description: 'Deletes query results whose time is over.',
  schemas: SCHEMAS,
}
