import type { Caller, RequestHeaders } from '../identity.ts'
import type { ErrorAnswer } from './errors.ts'
import type { Form, FormLimits } from './form.ts'

/** One value that a caller may give, in the query or in the JSON body. Everything that checks or describes it is here. */
export interface Field {
  readonly type: 'string' | 'integer' | 'boolean'
  readonly description: string
  readonly required?: boolean
  readonly default?: string | number | boolean
  readonly enum?: readonly string[]
  /** For strings: the characters, in UTF-16 units. */
  readonly minLength?: number
  readonly maxLength?: number
  /** For strings: a regular expression (with the flag `u`) and what it asks for, in words. */
  readonly pattern?: string
  readonly patternHint?: string
  /** For integers. */
  readonly minimum?: number
  readonly maximum?: number
  readonly example?: string | number
}

/** Strings without control characters (\p{Cc}), in words that regular expressions of every language have. */
export const NO_CONTROLS = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$'

/** What the description says of a `{name}` of a path whose handler does not take every text. */
export interface PathParameter {
  readonly description: string
  readonly maxLength?: number
  readonly pattern?: string
}

export type Fields = Readonly<Record<string, Field>>

type ValueOf<F extends Field> = F extends { readonly enum: readonly (infer E)[] }
  ? E
  : F extends { readonly type: 'integer' }
    ? number
    : F extends { readonly type: 'boolean' }
      ? boolean
      : string

/** What a handler gets for the fields it declared: required ones and those with a default are never undefined. */
export type ValuesOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends { readonly required: true } | { readonly default: string | number | boolean }
    ? ValueOf<F[K]>
    : ValueOf<F[K]> | undefined
}

/** The `{names}` of a path template. */
export type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & ParamsOf<Rest>
  : unknown

/** A JSON Schema (draft 2020-12, as OpenAPI 3.1 uses it). */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface ApiRequest<Params = Readonly<Record<string, string>>, Query = unknown, Body = unknown> {
  readonly method: string
  /** Percent-decoded. */
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** What a route with `form` was given: the pairs of the query, then those of the body. */
  readonly form: Form
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly caller: Caller
  /** Aborted when the client goes away before it has its answer. */
  readonly signal: AbortSignal
}

export interface ApiResponse {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /**
   * A string is sent as `text/plain`, bytes as `application/octet-stream`, unless `headers` name a content type, a
   * `ByteStream` as it comes; anything else as JSON.
   */
  readonly body: unknown
  /**
   * Of a `ByteStream`: headers whose values are known only at its end. They come with the other headers where the body is
   * so short that it is sent as a whole, else as trailers behind it (RFC 9110 §6.5).
   */
  readonly trailers?: Readonly<Record<string, () => string>>
  /** For the line of the log, asked for when the answer was sent. */
  readonly log?: () => Readonly<Record<string, unknown>>
}

/** How errors are written. Their statuses and headers are sent in any case. */
export interface ErrorFormat {
  readonly contentType: string
  write(answer: ErrorAnswer): string | Uint8Array
}

/** A form, whose pairs the handler reads by itself. */
export interface FormRule {
  /** What it makes sense of, for the description. */
  readonly fields: Fields
  /** Whether a field without a value is more than left out; usually it is not (DALI 1.1 §3). */
  readonly emptyIsValue?: boolean
  limits(params: Readonly<Record<string, string>>): FormLimits
}

export interface Route<
  Path extends string = string,
  Query extends Fields = Fields,
  Body extends Fields | 'any' | 'bytes' | undefined = Fields | 'any' | 'bytes' | undefined,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/servers/{server}/swap`: a `{name}` stands for one whole, non-empty segment. */
  readonly path: Path
  /** Unique name of the operation, as OpenAPI's generators use it. */
  readonly operation: string
  readonly summary: string
  readonly description?: string
  /** What the `{names}` of the path are. */
  readonly params?: Readonly<Record<string, string | PathParameter>>
  readonly query?: Query
  /** Given: the JSON object that has to be sent; `any`: a JSON value of which the handler makes sense itself; `bytes`: as it comes. */
  readonly body?: Body
  /** With `bytes`: what they may be, by media type, for its description; left out: anything. */
  readonly bodyTypes?: readonly string[]
  /** With `bytes`: how many there may be. */
  readonly maxBytes?: (params: Readonly<Record<string, string>>) => number
  /** Given: it takes a form, in the query and, with POST, as a body. Nothing is checked but that it can be read. */
  readonly form?: FormRule
  /** Left out: `{"detail":[{"msg","type","loc"?}]}`, as the whole family of services does it. */
  readonly errorFormat?: ErrorFormat
  /** Finds out who asks, and whether he may, in a way of its own, before a body is read. */
  readonly identify?: (headers: RequestHeaders, params: Readonly<Record<string, string>>) => Promise<Caller>
  /** Answers without looking at who asks. */
  readonly anonymous?: boolean
  /** Whether scripts of any web page may read what this answers, errors included; or of which origins. */
  readonly cors?: boolean | ((params: Readonly<Record<string, string>>) => '*' | readonly string[])
  /** Whether query parameters that it does not know are ignored instead of refused. */
  readonly ignoresQuery?: boolean
  /** The schema of a 200's body by media type; none: it never answers 200. */
  readonly answers: Readonly<Record<string, JsonSchema>>
  /** Other statuses that are no errors, and what they mean, for its description. */
  readonly otherwise?: Readonly<Record<number, string>>
  /** The security scheme of the description that it asks for itself. */
  readonly security?: string
  /** Statuses that this operation answers on its own account, for its description. */
  readonly errors?: readonly number[]
  handle(
    request: ApiRequest<
      ParamsOf<Path>,
      ValuesOf<Query>,
      Body extends 'any' ? unknown : Body extends 'bytes' ? Buffer : Body extends Fields ? ValuesOf<Body> : undefined
    >,
  ): ApiResponse | Promise<ApiResponse>
}

/** A route whose handler is typed after its path, query and body. */
export function route<
  const Path extends string,
  const Query extends Fields = Record<never, never>,
  const Body extends Fields | 'any' | 'bytes' | undefined = undefined,
>(definition: Route<Path, Query, Body>): Route {
  return definition as unknown as Route
}

export interface RouteMatch {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** The routes whose path fits decoded segments, whatever their method. */
export type Router = (segments: readonly string[]) => readonly RouteMatch[]

export function createRouter(routes: readonly Route[]): Router {
  const templates = routes.map((route) => {
    const parts = templateSegments(route.path).map((part) => ({ part, name: paramName(part) }))
    return { route, parts }
  })
  return (segments) => {
    const matches: RouteMatch[] = []
    for (const { route, parts } of templates) {
      const params = matchParts(parts, segments)
      if (params !== undefined) matches.push({ route, params })
    }
    return matches
  }
}

interface TemplatePart {
  readonly part: string
  /** undefined: the part stands for itself. */
  readonly name: string | undefined
}

function matchParts(parts: readonly TemplatePart[], segments: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== segments.length) return undefined
  const fits = ({ part, name }: TemplatePart, index: number) =>
    name === undefined ? segments[index] === part : segments[index] !== ''
  if (!parts.every(fits)) return undefined
  const params: Record<string, string> = {}
  for (const [index, { name }] of parts.entries()) if (name !== undefined) params[name] = segments[index] ?? ''
  return params
}

export function templateSegments(template: string): readonly string[] {
  return template.split('/').slice(1)
}

/** `server` for `{server}`; undefined for a literal segment. */
export function paramName(part: string): string | undefined {
  return /^\{(.+)\}$/.exec(part)?.[1]
}
