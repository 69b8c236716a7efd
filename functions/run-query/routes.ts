import { messageOf } from '../../shared/failure.ts'
import { isRecord } from '../../shared/is-record.ts'
import { object } from '../../shared/platform/http/json-schema.ts'
import { type ApiRequest, type ApiResponse, type Route, route } from '../../shared/platform/http/route.ts'
import { createApi } from '../../shared/platform/http/serve.ts'
import { descriptionRoute, healthRoute } from '../../shared/platform/http/service-routes.ts'
import { VERSION } from '../tap/version.ts'
import { type RunDependencies, runJob } from './run-query.ts'

/**
 * The HTTP function to which Pub/Sub delivers the jobs that are queued. Who may deliver is up to the platform: only the
 * account of the subscription may invoke it.
 */
export function createRunQuery(dependencies: RunDependencies): ReturnType<typeof createApi> {
  return createApi(createRoutes(dependencies), { logger: dependencies.logger })
}

function createRoutes(dependencies: RunDependencies): readonly Route[] {
  const delivery = {
    method: 'POST',
    summary: 'Take the message of a queued job, and run its query',
    description:
      'As a push subscription of Pub/Sub sends it, with the attributes server and job. What names no job of ours is acknowledged too, and logged as an error: to deliver it again cannot help.',
    anonymous: true,
    ignoresQuery: true,
    body: 'any',
    answers: {},
    otherwise: { 204: 'Acknowledged: the job has ended, or there is nothing to do' },
    handle: ({ body }: Pick<ApiRequest, 'body'>) => take(body, dependencies),
  } as const
  const routes: Route[] = [
    route({ ...delivery, path: '/', operation: 'runJob' }),
    route({
      ...delivery,
      path: '/projects/{project}/topics/{topic}',
      operation: 'runJobOfTopic',
      params: { project: 'Project of the topic', topic: 'The topic; neither makes a difference' },
    }),
    healthRoute({ 'application/json': { $ref: '#/components/schemas/Health' } }),
  ]
  routes.push(descriptionRoute(routes, { ...ABOUT, base: '/' }))
  return routes
}

const DONE: ApiResponse = { status: 204, body: undefined }

async function take(body: unknown, { servers, logger }: RunDependencies): Promise<ApiResponse> {
  const message = isRecord(body) && isRecord(body.message) ? body.message.attributes : undefined
  const { server: name, job } = isRecord(message) ? message : {}
  const server = typeof name === 'string' ? servers.get(name) : undefined
  if (server === undefined || typeof job !== 'string') {
    logger.error('the message names no job of a server of this environment', { message })
    return DONE
  }
  try {
    await runJob(server, job, logger)
    return DONE
  } catch (error) {
    logger.error('the job could not be run now and will be delivered again', { server: name, job, error })
    const msg = `deliver it again: ${messageOf(error)}`
    return { status: 503, body: { detail: [{ msg, type: 'delivery_failed' }] } }
  }
}

const ABOUT = {
  title: 'Almagest run-query',
  version: VERSION,
  description: 'Runs the queries of asynchronous jobs.',
  schemas: { Health: object({ status: { const: 'ok' } }) },
}
