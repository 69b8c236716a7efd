import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import { TEXT } from '../../shared/platform/http/json-schema.ts'
import { type ApiRequest, type Fields, type Route, route } from '../../shared/platform/http/route.ts'
import {
  abortUpdate,
  createUpdate,
  readUpdate,
  runUpdate,
  type TableUpdate,
} from '../../shared/user-tables/index-table.ts'
import type { Job } from '../../shared/uws/job.ts'
import { writeJob } from '../../shared/uws/write-job.ts'
import type { Access } from './access.ts'
import { TEXT_ERROR } from './error-document.ts'
import { bad, parameterOf, readPhaseChange } from './job-parameters.ts'
import { SERVER } from './metadata-routes.ts'
import { type OwnTables, openOwnTables } from './user-table-access.ts'

type Request = ApiRequest<{ readonly server: string; readonly job?: string }>

const FORM_BYTES = 64 * 1024

const PHASE_CHANGE = {
  PHASE: { type: 'string', description: 'RUN makes the index, ABORT gives it up', enum: ['RUN', 'ABORT'] },
} as const

const INDEX = {
  TABLE: { type: 'string', description: 'Name of a table of the caller' },
  INDEX: { type: 'string', description: 'Name of its column' },
  UNIQUE: { type: 'string', description: 'true: no value may come twice; false, and left out: it may' },
  ...PHASE_CHANGE,
} as const

const formOf = (fields: Fields) => ({
  ...{ fields, limits: () => ({ bytes: FORM_BYTES, textBytes: FORM_BYTES, parts: 30 }) },
})

const DAY_MS = 86_400_000

/** Indexes on tables of users, by the requests of pyvo's create_index: a job of UWS that ends with the request that runs it. */
export function tableUpdateRoutes(dependencies: TapDependencies, { guarded }: Access): readonly Route[] {
  const open = ({ params, caller }: Request) => openOwnTables(dependencies, params.server, caller)
  const find = async (request: Request): Promise<{ readonly own: OwnTables; readonly update: TableUpdate }> => {
    const own = await open(request)
    return { own, update: await readUpdate(own.pool, own.server, own.owner, request.params.job ?? '') }
  }
  const shared = { errorFormat: TEXT_ERROR, errors: [400, 401, 403, 404, 503], ...guarded } as const
  const ofJob = { ...shared, params: { ...SERVER, job: 'Its id' } } as const
  const urlOf = ({ served }: OwnTables, id: string) => `${served.service.url}/table-update/${id}`
  const seeJob = (own: OwnTables, id: string) => ({
    ...{ status: 303, headers: { location: urlOf(own, id) }, body: undefined },
  })
  return [
    route({
      ...shared,
      method: 'POST',
      path: '/{server}/table-update',
      params: SERVER,
      operation: 'createIndex',
      summary: 'Creates a job that makes an index on a column of a table of the caller',
      form: formOf(INDEX),
      answers: {},
      otherwise: { 303: 'The job, which waits for PHASE=RUN' },
      async handle(request: Request) {
        const own = await open(request)
        const { form } = request
        const [table, column] = [parameterOf(form, 'TABLE'), parameterOf(form, 'INDEX')]
        if (table === undefined || column === undefined) throw bad('table and index are needed: a table and its column')
        const unique = parameterOf(form, 'UNIQUE')?.toLowerCase() ?? 'false'
        if (!['true', 'false'].includes(unique)) throw bad('unique is true or false')
        const { pool, server, owner, limits } = own
        const id = await createUpdate(pool, { server, owner, table, column, unique: unique === 'true' })
        if (readPhaseChange(form) === 'RUN') await runUpdate(pool, await readUpdate(pool, server, owner, id), limits)
        return seeJob(own, id)
      },
    }),
    route({
      ...ofJob,
      method: 'GET',
      path: '/{server}/table-update/{job}',
      operation: 'readIndexJob',
      summary: 'The job that makes an index (UWS 1.1)',
      ignoresQuery: true,
      answers: { 'application/xml': TEXT },
      async handle(request: Request) {
        const { own, update } = await find(request)
        const body = writeJob(asJob(update), { url: urlOf(own, update.id) })
        return { headers: { 'content-type': 'application/xml; charset=utf-8' }, body }
      },
    }),
    route({
      ...ofJob,
      method: 'GET',
      path: '/{server}/table-update/{job}/phase',
      operation: 'readIndexPhase',
      summary: 'Its phase',
      ignoresQuery: true,
      answers: { 'text/plain': TEXT },
      handle: async (request: Request) => ({ body: (await find(request)).update.phase }),
    }),
    route({
      ...ofJob,
      method: 'POST',
      path: '/{server}/table-update/{job}/phase',
      operation: 'runIndexJob',
      summary: 'PHASE=RUN makes the index, PHASE=ABORT gives it up; the answer comes when that is done',
      form: formOf(PHASE_CHANGE),
      answers: {},
      otherwise: { 303: 'The job' },
      async handle(request: Request) {
        const { own, update } = await find(request)
        const wanted = readPhaseChange(request.form)
        if (wanted === undefined) throw bad('PHASE is missing: RUN or ABORT')
        await (wanted === 'RUN' ? runUpdate(own.pool, update, own.limits) : abortUpdate(own.pool, update))
        return seeJob(own, update.id)
      },
    }),
  ]
}

function asJob({ id, server, owner, table, column, unique, phase, error, created, ended }: TableUpdate): Job {
  const parameters = { table, index: column, unique: String(unique) }
  return {
    ...{ id, server, owner, phase, created, ended, mode: 'async', runId: null, started: ended },
    ...{ executionSeconds: 0, destruction: new Date(created.getTime() + DAY_MS), uploads: [], result: null },
    parameters: Object.entries(parameters).map(([name, value]) => ({ name, value })),
    error: error === null ? null : { type: 'fatal', message: error },
    ...{ release: null, fence: '0', byteLimit: null },
  }
}
