import { STATUS_CODES } from 'node:http'
import { rangeOf } from './input.ts'
import {
  type ErrorFormat,
  type Field,
  type Fields,
  type FormRule,
  type JsonSchema,
  NO_CONTROLS,
  paramName,
  type Route,
  templateSegments,
} from './route.ts'

export interface ApiDescription {
  readonly title: string
  readonly version: string
  readonly description: string
  /** Where the paths start, `/` or the prefix. */
  readonly base: string
  /** Named schemas that the routes' answers refer to as `#/components/schemas/NAME`. */
  readonly schemas: Readonly<Record<string, JsonSchema>>
  /** Whether what changes something needs an identity token; default true. */
  readonly callerRequired?: boolean | undefined
  /** By name, what routes ask for themselves; without it the identity tokens of Google Cloud. */
  readonly securitySchemes?: Readonly<Record<string, JsonSchema>>
}

/** An OpenAPI 3.1 document generated from the routes that answer. */
export function describeApi(routes: readonly Route[], api: ApiDescription): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: describeOperation(route, api.callerRequired !== false),
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: api.title, version: api.version, description: api.description },
    servers: [{ url: api.base }],
    paths,
    components: {
      schemas: { ...api.schemas, Errors: ERRORS },
      securitySchemes: api.securitySchemes ?? {
        identity: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: IDENTITY },
      },
    },
  }
}

const IDENTITY =
  'A Google identity token. What changes something needs one wherever `identity.requireCaller` holds, which it does by itself in Cloud Run; elsewhere it is taken without.'

const ERRORS: JsonSchema = {
  type: 'object',
  description: 'What went wrong, one entry for each thing',
  required: ['detail'],
  additionalProperties: false,
  properties: {
    detail: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['msg', 'type'],
        additionalProperties: false,
        properties: {
          msg: { type: 'string', description: 'For people' },
          type: { type: 'string', description: 'For programs' },
          loc: {
            type: 'array',
            items: { type: ['string', 'integer'] },
            description: 'Where: a field of the request, or file, line and path in a release',
          },
        },
      },
    },
  },
}

function describeOperation(route: Route, callerRequired: boolean): JsonSchema {
  return {
    operationId: route.operation,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...describeSecurity(route, callerRequired),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(route.body === undefined ? {} : { requestBody: describeBody(route.body, route.bodyTypes) }),
    ...(route.form === undefined || route.method === 'GET' ? {} : { requestBody: describeForm(route.form) }),
    responses: {
      ...describeAnswers(route),
      ...Object.fromEntries(errorStatuses(route).map((status) => [status, describeError(status, route)])),
    },
  }
}

/** An empty entry stands for a request without a token. */
function describeSecurity({ method, anonymous, security }: Route, callerRequired: boolean): JsonSchema {
  if (security !== undefined) return { security: [{ [security]: [] }] }
  if (anonymous === true) return {}
  return { security: method === 'GET' || !callerRequired ? [{}, { identity: [] }] : [{ identity: [] }] }
}

function describeAnswers({ answers, otherwise = {} }: Route): JsonSchema {
  const done =
    Object.keys(answers).length === 0 ? {} : { 200: { description: 'Done', content: describeContent(answers) } }
  const others = Object.entries(otherwise).map(([status, description]) => [status, { description }])
  return { ...done, ...Object.fromEntries(others) }
}

function pathParameters(route: Route): JsonSchema[] {
  return templateSegments(route.path).flatMap((part) => {
    const name = paramName(part)
    if (name === undefined) return []
    const about = route.params?.[name] ?? name
    const { description, ...limits } = typeof about === 'string' ? { description: about } : about
    return [{ name, in: 'path', required: true, description, schema: { type: 'string', ...limits } }]
  })
}

/** A form may come in the query too, but only one place for it is described. */
function queryParameters({ form, query = {}, method }: Route): JsonSchema[] {
  const isForm = form !== undefined && method === 'GET'
  const fields = isForm ? form.fields : query
  return Object.entries(isForm ? describeFormFields(form) : describeProperties(query)).map(
    ([name, { description, ...schema }]) => ({
      ...{ name, in: 'query', required: fields[name]?.required === true, description, schema },
    }),
  )
}

function describeForm(form: FormRule): JsonSchema {
  const schema = { type: 'object', properties: describeFormFields(form) }
  return { content: Object.fromEntries(FORM_TYPES.map((type) => [type, { schema }])) }
}

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data']

/** What is left to the handler is not narrowed by the limits that hold for other fields. */
function describeFormFields({ fields, emptyIsValue = false }: FormRule): Properties {
  const describe = (field: Field) => (emptyIsValue ? withExamples(field) : orEmpty(withExamples(field)))
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, describe(field)]))
}

function orEmpty({ description, ...schema }: JsonSchema): JsonSchema {
  if (Array.isArray(schema.enum)) return { description, ...schema, enum: [...schema.enum, ''] }
  return schema.type === 'string' ? { description, ...schema } : { description, anyOf: [schema, { const: '' }] }
}

type Properties = Readonly<Record<string, JsonSchema>>

function describeProperties(fields: Fields): Properties {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, describeField(field)]))
}

function describeBody(fields: Fields | 'any' | 'bytes', types: readonly string[] = ['*/*']): JsonSchema {
  if (fields === 'bytes') {
    return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema: {} }])) }
  }
  if (fields === 'any') return { required: true, content: { 'application/json': { schema: {} } } }
  const schema = {
    type: 'object',
    required: Object.keys(fields).filter((name) => fields[name]?.required === true),
    additionalProperties: false,
    properties: describeProperties(fields),
  }
  return { required: true, content: { 'application/json': { schema } } }
}

function describeField(field: Field): JsonSchema {
  const isFree = field.type === 'string' && field.enum === undefined && field.pattern === undefined
  return {
    ...withExamples(field),
    ...(field.type === 'integer' ? rangeOf(field) : {}),
    ...(isFree ? { pattern: NO_CONTROLS } : {}),
  }
}

function withExamples({ required: _, patternHint: __, example, ...given }: Field): JsonSchema {
  return example === undefined ? given : { ...given, examples: [example] }
}

function describeContent(answers: Route['answers']): JsonSchema {
  return Object.fromEntries(Object.entries(answers).map(([mediaType, schema]) => [mediaType, { schema }]))
}

/** What the router itself may answer comes from the shape of the route. */
function errorStatuses(route: Route): number[] {
  const own = route.errors ?? []
  const caller = route.anonymous === true ? [] : [401, 503]
  const body = route.method === 'GET' ? [] : [...(route.body === undefined ? [] : [408]), 413, 415]
  return [...new Set([400, ...caller, ...body, ...own, 500])].sort((a, b) => a - b)
}

const ERROR_HEADERS: Readonly<Record<number, JsonSchema>> = {
  401: { 'WWW-Authenticate': { description: 'What is expected', schema: { type: 'string' } } },
  503: { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } } },
}

function describeError(status: number, { errorFormat }: Route): JsonSchema {
  const headers = ERROR_HEADERS[status]
  return {
    description: STATUS_CODES[status] ?? 'Error',
    ...(headers === undefined ? {} : { headers }),
    content: errorFormat === undefined ? FAMILY_ERRORS : { [typeOf(errorFormat)]: { schema: { type: 'string' } } },
  }
}

const FAMILY_ERRORS = { 'application/json': { schema: { $ref: '#/components/schemas/Errors' } } }

function typeOf({ contentType }: ErrorFormat): string {
  return contentType.split(';', 1)[0] ?? contentType
}
