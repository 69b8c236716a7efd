import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { list, nullable, object, openObject, TEXT, TIME } from '../../shared/platform/http/json-schema.ts'
import { type ApiRequest, type Route, route } from '../../shared/platform/http/route.ts'
import {
  changeGroup,
  createGroup,
  groupId,
  listGroups,
  removeGroup,
  type UserGroup,
} from '../../shared/uws/user-groups.ts'
import type { Access } from './access.ts'
import { TEXT_ERROR } from './error-document.ts'
import { findServer } from './find-server.ts'
import { bad, hasParameter, parameterOf, readMembers } from './job-parameters.ts'
import { SERVER } from './metadata-routes.ts'
import { ownerOf } from './quota-holder.ts'

type Request = Pick<ApiRequest<{ readonly server: string; readonly group: string }>, 'params' | 'caller' | 'form'>

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/

const PARAMS = {
  ...SERVER,
  group: { description: 'Its name, without the owner: letters, digits and _ . -', maxLength: 64, pattern: NAME.source },
}

const FORM_BYTES = 64 * 1024
const MAX_DESCRIPTION = 1000

const DESCRIPTION = {
  DESCRIPTION: {
    type: 'string',
    description: 'What it is for; an empty text takes it away',
    maxLength: MAX_DESCRIPTION,
  },
} as const
const MEMBERS = {
  MEMBER: { type: 'string', description: 'A user; may be repeated; at least one, or a DESCRIPTION' },
  ACTION: { type: 'string', description: 'REMOVE takes these members out', enum: ['REMOVE'] },
} as const

const GROUP = openObject(
  { group: TEXT, owner: TEXT, description: nullable(TEXT), members: list(TEXT), created: TIME },
  ['members'],
)

/** Groups of users that a user makes, to share tables and jobs with. */
export function groupRoutes({ servers }: TapDependencies, { guarded }: Access): readonly Route[] {
  const open = async ({ params, caller }: Pick<ApiRequest<{ readonly server: string }>, 'params' | 'caller'>) => {
    const { service, openJobs } = findServer(servers, params.server)
    if (service.jobs === null || openJobs === null) {
      throw new HttpError(404, {
        msg: `the service ${params.server} shares nothing, and has no groups`,
        type: 'no_jobs',
      })
    }
    const owner = ownerOf(caller)
    if (owner === null) throw new HttpError(403, { msg: 'only users who are known have groups', type: 'denied' })
    return { pool: (await openJobs()).pool, server: params.server, owner }
  }
  const shared = { errorFormat: TEXT_ERROR, ...guarded } as const
  const ofGroup = {
    ...shared,
    path: '/{server}/groups/{group}',
    params: PARAMS,
    answers: { 'application/json': object({ group: TEXT }) },
  } as const
  const form = (fields: typeof DESCRIPTION | (typeof MEMBERS & typeof DESCRIPTION)) =>
    ({ fields, emptyIsValue: true, limits: () => ({ bytes: FORM_BYTES, textBytes: FORM_BYTES, parts: 1100 }) }) as const
  const find = async (request: Request) => {
    const { pool, server, owner } = await open(request)
    return { pool, group: { server, owner, name: readName(request.params.group) } }
  }
  return [
    route({
      ...shared,
      method: 'GET',
      path: '/{server}/groups',
      params: SERVER,
      operation: 'listGroups',
      summary: 'The groups that the caller has made, with their members, and those that he is in',
      ignoresQuery: true,
      answers: { 'application/json': object({ groups: list(GROUP) }) },
      errors: [401, 403, 404, 503],
      async handle(request: Pick<ApiRequest<{ readonly server: string }>, 'params' | 'caller'>) {
        const { pool, server, owner } = await open(request)
        const groups = await listGroups(pool, server, owner)
        return { headers: { 'cache-control': 'no-store' }, body: { groups: groups.map(describeGroup) } }
      },
    }),
    route({
      ...ofGroup,
      method: 'PUT',
      operation: 'createGroup',
      summary: 'Makes a group of the caller, without members',
      ...{ form: form(DESCRIPTION), errors: [400, 401, 403, 404, 409, 429, 503] },
      async handle(request: Request) {
        const { pool, group } = await find(request)
        await createGroup(pool, group, readDescription(request) || null)
        return { body: { group: groupId(group) } }
      },
    }),
    route({
      ...ofGroup,
      method: 'POST',
      operation: 'changeGroup',
      summary: 'Puts members into a group of the caller, with ACTION=REMOVE takes them out, or changes what it is for',
      ...{ form: form({ ...MEMBERS, ...DESCRIPTION }), errors: [400, 401, 403, 404, 429, 503] },
      async handle(request: Request) {
        const { pool, group } = await find(request)
        const members = readMembers(request.form)
        const action = parameterOf(request.form, 'ACTION')
        if (action !== undefined && action !== 'REMOVE') {
          throw bad(`ACTION is REMOVE or left out, not ${JSON.stringify(action)}`)
        }
        const description = readDescription(request)
        if (members.length === 0 && description === undefined) throw bad('MEMBER or DESCRIPTION is missing')
        const [add, remove] = action === 'REMOVE' ? [[], members] : [members, []]
        await changeGroup(pool, group, { add, remove, description })
        return { body: { group: groupId(group) } }
      },
    }),
    route({
      ...ofGroup,
      method: 'DELETE',
      operation: 'dropGroup',
      summary: 'Removes a group of the caller: what was shared with it is so no longer',
      ...{ ignoresQuery: true, errors: [400, 401, 403, 404, 503] },
      async handle(request: Request) {
        const { pool, group } = await find(request)
        await removeGroup(pool, group)
        return { body: { group: groupId(group) } }
      },
    }),
  ]
}

function describeGroup({ owner, name, description, members, created }: UserGroup) {
  return {
    ...{ group: groupId({ owner, name }), owner, description, created: created.toISOString() },
    ...(members === null ? {} : { members }),
  }
}

function readName(name: string): string {
  if (NAME.test(name)) return name
  throw bad(
    `${JSON.stringify(name)} is not a name of a group: letters, digits and _ . -, at most 64, without the owner`,
  )
}

/** undefined: nothing is said of it. */
function readDescription({ form }: Request): string | undefined {
  const text = parameterOf(form, 'DESCRIPTION') ?? (hasParameter(form, 'DESCRIPTION') ? '' : undefined)
  if (text === undefined || (text.length <= MAX_DESCRIPTION && !/\p{Cc}/u.test(text))) return text
  throw bad(`DESCRIPTION has at most ${MAX_DESCRIPTION} characters, none of them a control character`)
}
