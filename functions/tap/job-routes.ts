import { describeEvent } from '../../shared/deployment/announce.ts'
import type { ServedTap, TapDependencies } from '../../shared/deployment/served-tap.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { COUNT, list, nullable, object, openObject, TEXT, TIME } from '../../shared/platform/http/json-schema.ts'
import {
  type ApiRequest,
  type ApiResponse,
  type Fields,
  type JsonSchema,
  type Route,
  route,
} from '../../shared/platform/http/route.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { Job } from '../../shared/uws/job.ts'
import type { Share } from '../../shared/uws/share-job.ts'
import { formatTime, quoteOf, writeJob, writeJobs, writeParameters, writeResults } from '../../shared/uws/write-job.ts'
import { writeErrorDocument } from '../../shared/votable/write-result.ts'
import type { Access } from './access.ts'
import { TEXT_ERROR } from './error-document.ts'
import { findServer } from './find-server.ts'
import { bad, parameterOf, readPhaseChange } from './job-parameters.ts'
import { Jobs, noJob } from './jobs.ts'
import { SERVER } from './metadata-routes.ts'
import { formLimits } from './sync-routes.ts'

type Request = ApiRequest<{ readonly server: string; readonly job?: string; readonly name?: string }>

/** What a handler works with: the server, its jobs, and the address of the list. */
interface Place {
  readonly jobs: Jobs
  /** `https://data.example.org/tap/async` */
  readonly url: string
}

/** A resource of one job. GET reads it, POST changes it; what POST does is answered with the job (UWS 1.1 §2.2.3). */
interface Child {
  readonly path: string
  readonly name: string
  readonly about: string
  /** Only the owner may read it; left out: also those with whom the job is shared. */
  readonly private?: true
  /** What is read is JSON and no document of UWS. */
  readonly schema?: JsonSchema
  read(job: Job, place: Place, request: Request): ApiResponse | Promise<ApiResponse>
  /** What a change is given in the form. */
  readonly fields?: Fields
  change?(job: Job, place: Place, request: Request): Promise<void>
}

const PHASE_CHANGE = { PHASE: { type: 'string', description: 'RUN starts the job, ABORT ends it' } } as const
const RUN_ID = { RUNID: { type: 'string', description: 'A mark of the client’s own', maxLength: 64 } } as const
const EXECUTION_DURATION = {
  EXECUTIONDURATION: { type: 'integer', description: 'Seconds that the job may run', minimum: 0 },
} as const
const DESTRUCTION = { DESTRUCTION: { type: 'string', description: 'When the job is deleted, in UTC' } } as const

/** What each request makes sense of beside the parameters of a query; all else is ignored. */
const FIELDS = {
  list: {
    PHASE: { type: 'string', description: 'Only jobs in this phase; may be repeated' },
    MODE: { type: 'string', description: 'async, sync or both, repeated; left out: async' },
    SHARED: { type: 'boolean', description: 'true for jobs of others that are shared with the caller' },
    AFTER: { type: 'string', description: 'Only jobs that were made later' },
    LAST: { type: 'integer', description: 'Only so many, the newest', minimum: 1 },
  },
  create: {
    ...PHASE_CHANGE,
    ...RUN_ID,
    ...EXECUTION_DURATION,
    ...DESTRUCTION,
  },
  read: {
    WAIT: { type: 'integer', description: 'Seconds to wait for another phase; -1: as long as there is', minimum: -1 },
    PHASE: { type: 'string', description: 'To wait only if the job is in this phase' },
  },
  delete: { ACTION: { type: 'string', description: 'DELETE deletes the job', enum: ['DELETE'] } },
} as const satisfies Readonly<Record<string, Fields>>

/** With whom a job or a table is shared. */
export const SHARE_FIELDS = {
  USER: { type: 'string', description: 'A user; may be repeated' },
  GROUP: { type: 'string', description: 'A group; may be repeated' },
  UNTIL: { type: 'string', description: 'Until when, in UTC; left out: as long as there is what is shared' },
  ACTION: { type: 'string', description: 'REMOVE takes the share back', enum: ['REMOVE'] },
} as const satisfies Fields

const CHILDREN: readonly Child[] = [
  {
    path: '/phase',
    name: 'Phase',
    about: 'The phase; PHASE=RUN starts the job, PHASE=ABORT ends it',
    read: ({ phase }) => text(phase),
    fields: PHASE_CHANGE,
    async change(job, { jobs }, { form, caller }) {
      const wanted = readPhaseChange(form)
      if (wanted === undefined) throw bad('PHASE is missing: RUN or ABORT')
      await (wanted === 'RUN' ? jobs.run(job, caller) : jobs.abort(job))
    },
  },
  {
    path: '/executionduration',
    name: 'ExecutionDuration',
    about: 'Seconds that the job may run',
    read: ({ executionSeconds }) => text(String(executionSeconds)),
    fields: EXECUTION_DURATION,
    change: (job, { jobs }, { form }) => jobs.setExecutionDuration(job, form),
  },
  {
    path: '/destruction',
    name: 'Destruction',
    about: 'When the job and its result are deleted',
    read: ({ destruction }) => text(formatTime(destruction)),
    fields: DESTRUCTION,
    change: (job, { jobs }, { form }) => jobs.setDestruction(job, form),
  },
  {
    path: '/quote',
    name: 'Quote',
    about: 'When the job will have ended, as far as that is known; else when it will at the latest',
    read: async (job, { jobs }) => text(formatTime(quoteOf(job, await jobs.remoteNote(job))) ?? ''),
  },
  { path: '/owner', name: 'Owner', about: 'Whose job it is', read: ({ owner }) => text(owner ?? '') },
  {
    path: '/parameters',
    name: 'Parameters',
    about: 'The parameters of the query',
    read: (job, { url }) => xml(writeParameters(job, { url: `${url}/${job.id}` })),
    fields: RUN_ID,
    change: (job, { jobs }, { form, caller }) => jobs.addParameters(job, form, caller),
  },
  {
    path: '/parameters/{name}',
    name: 'Parameter',
    about: 'A table that came with the job',
    async read(job, { jobs }, { params }) {
      const upload = job.uploads.find(({ name }) => name === params.name)
      const body = upload === undefined ? undefined : await jobs.openUpload(upload)
      if (upload === undefined || body === undefined) throw nothing(`the job has no table ${params.name}`)
      return { headers: { 'content-type': upload.contentType || 'application/octet-stream' }, body }
    },
  },
  {
    path: '/results',
    name: 'Results',
    about: 'What the job has resulted in',
    read: (job, { url }) => xml(writeResults(job, { url: `${url}/${job.id}` })),
  },
  {
    path: '/results/result',
    name: 'Result',
    about: 'The rows, or the address where they can be read for some minutes',
    async read(job, { jobs }) {
      const answer = await jobs.deliverResult(job)
      if (answer === undefined) throw nothing(whyNoResult(job))
      return answer
    },
  },
  {
    path: '/error',
    name: 'Error',
    about: 'Why the job has failed',
    read({ error, phase }) {
      if (error === null) throw nothing(`the job is ${phase}: there is no error`)
      return { headers: { 'content-type': 'application/x-votable+xml' }, body: writeErrorDocument(error.message) }
    },
  },
  {
    path: '/share',
    name: 'Shares',
    about: 'Who else may read the job and its result; USER and GROUP may from now on, with ACTION=REMOVE no longer',
    private: true,
    schema: object({
      shares: list(openObject({ user: TEXT, group: TEXT, created: TIME, until: nullable(TIME) }, ['user', 'group'])),
    }),
    read: async (job, { jobs }) => ({ body: { shares: (await jobs.shares(job)).map(describeShare) } }),
    fields: SHARE_FIELDS,
    change: (job, { jobs }, { form }) => jobs.share(job, form),
  },
  {
    path: '/events',
    name: 'Events',
    about: 'What has happened to the job, the first first',
    private: true,
    schema: object({ events: list(openObject({ sequence: COUNT, event: TEXT, time: TIME })) }),
    read: async (job, { jobs }) => ({ body: { events: (await jobs.events(job)).map(describeEvent) } }),
  },
]

export function describeShare({ grantee: { type, name }, created, until }: Share) {
  return { [type]: name, created: created.toISOString(), until: until?.toISOString() ?? null }
}

function whyNoResult({ phase, mode, destruction }: Job): string {
  if (mode === 'sync') return 'the result of a sync query is not kept'
  const gone = phase === 'ARCHIVED' ? `: it was deleted at the destruction time, ${destruction.toISOString()}` : ''
  return `the job is ${phase}: there is no result${gone}`
}

/** Asynchronous queries: UWS 1.1, as TAP 1.1 §2.3 uses it. */
export function jobRoutes({ servers }: TapDependencies, { guarded }: Access, logger: Logger): readonly Route[] {
  const places = new Map([...servers.values()].flatMap((served) => placeOf(served, logger)))
  const placeFor = (name: string, job?: string): Place => {
    const { service } = findServer(servers, name)
    const place = places.get(name)
    if (place !== undefined) return place
    if (job !== undefined) throw noJob(job)
    const msg = `This service has no asynchronous queries: send the query to ${service.url}/sync`
    throw new HttpError(501, { msg, type: 'no_jobs' }, { severity: 'warning' })
  }
  const formOf = (fields: Fields) => ({ fields, limits: formLimits(servers) })
  const shared = {
    params: SERVER,
    errorFormat: TEXT_ERROR,
    errors: [400, 401, 403, 404, 429, 501, 503],
    ...guarded,
  }
  const reading = { ...shared, method: 'GET', answers: { 'text/xml': TEXT } } as const
  const changing = {
    ...shared,
    method: 'POST',
    answers: {},
    otherwise: { 303: 'Done: Location says where to look' },
  } as const
  const ofJob = { ...SERVER, job: 'Id of the job' }
  const find = ({ params, caller }: Request, wanted: 'read' | 'change') =>
    placeFor(params.server, params.job).jobs.find(params.job ?? '', caller, wanted)
  const remove = async (request: Request) => {
    const { jobs, url } = placeFor(request.params.server, request.params.job)
    await jobs.delete(await find(request, 'change'))
    return seeOther(`${url}?LAST=${LISTED}`)
  }
  return [
    route({
      ...reading,
      path: '/{server}/async',
      operation: 'listJobs',
      form: formOf(FIELDS.list),
      summary: 'The jobs of the caller, newest first',
      async handle(request) {
        const { jobs, url } = placeFor(request.params.server)
        return xml(writeJobs(await jobs.list(request), ({ id }) => `${url}/${id}`))
      },
    }),
    route({
      ...changing,
      path: '/{server}/async',
      operation: 'createJob',
      form: formOf(FIELDS.create),
      summary: 'Makes a job of a query; with PHASE=RUN it starts',
      async handle(request) {
        const { jobs, url } = placeFor(request.params.server)
        const { id } = await jobs.create(request)
        return { ...seeOther(`${url}/${id}`), log: () => ({ job: id }) }
      },
    }),
    route({
      ...reading,
      path: '/{server}/async/{job}',
      operation: 'readJob',
      form: formOf(FIELDS.read),
      summary: 'All of a job; with WAIT, when its phase has changed',
      params: ofJob,
      async handle(request) {
        const { jobs, url } = placeFor(request.params.server, request.params.job)
        const job = await jobs.findLater(request.params.job, request)
        return xml(writeJob(job, { url: `${url}/${job.id}` }, await jobs.remoteNote(job)))
      },
    }),
    route({
      ...changing,
      path: '/{server}/async/{job}',
      operation: 'changeJob',
      form: formOf(FIELDS.delete),
      summary: 'Deletes a job: ACTION=DELETE',
      params: ofJob,
      handle(request) {
        const action = parameterOf(request.form, 'ACTION')
        if (action === 'DELETE') return remove(request)
        const { url } = placeFor(request.params.server, request.params.job)
        throw bad(
          action === undefined
            ? `ACTION is missing: DELETE; parameters of the query are sent to ${url}/${request.params.job}/parameters`
            : `ACTION is DELETE, not ${JSON.stringify(action)}`,
        )
      },
    }),
    route({
      ...changing,
      method: 'DELETE',
      path: '/{server}/async/{job}',
      operation: 'deleteJob',
      ignoresQuery: true,
      summary: 'Deletes a job with its result; a running query is cancelled',
      params: ofJob,
      handle: remove,
    }),
    ...CHILDREN.flatMap(({ path, name, about, private: isPrivate, schema, read, fields = {}, change }) => {
      const place = { path: `/{server}/async/{job}${path}` as '/{server}/async/{job}/{name}', summary: about }
      const params = path.endsWith('{name}') ? { ...ofJob, name: 'Name of the part of the form' } : ofJob
      const get = route({
        ...{ ...reading, ...place, params, operation: `read${name}`, ignoresQuery: true },
        ...(schema === undefined ? {} : { answers: { 'application/json': schema } }),
        handle: async (request) =>
          read(
            await find(request, isPrivate ? 'change' : 'read'),
            placeFor(request.params.server, request.params.job),
            request,
          ),
      })
      if (change === undefined) return [get]
      const post = route({
        ...{ ...changing, ...place, params, operation: `change${name}`, form: formOf(fields) },
        async handle(request) {
          const found = placeFor(request.params.server, request.params.job)
          const job = await find(request, 'change')
          await change(job, found, request)
          return seeOther(`${found.url}/${job.id}`)
        },
      })
      return [get, post]
    }),
  ]
}

/** Clients follow the address after a deletion: it is not to list everything. */
const LISTED = 50

function placeOf(served: ServedTap, logger: Logger): [string, Place][] {
  const { name, service, openJobs } = served
  if (service.jobs === null || openJobs === null) return []
  return [[name, { jobs: new Jobs(served, service.jobs, openJobs, logger), url: `${service.url}/async` }]]
}

function text(body: string): ApiResponse {
  return { headers: { 'content-type': 'text/plain; charset=utf-8' }, body }
}

function xml(body: string): ApiResponse {
  return { headers: { 'content-type': 'text/xml; charset=utf-8' }, body }
}

function seeOther(location: string): ApiResponse {
  return { status: 303, headers: { location }, body: undefined }
}

function nothing(msg: string): HttpError {
  return new HttpError(404, { msg, type: 'not_found' })
}
