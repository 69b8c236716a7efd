import type { IncomingMessage } from 'node:http'
import { nearMiss } from '../../near-miss.ts'
import { type ErrorDetail, HttpError } from './errors.ts'
import type { Field, Fields } from './route.ts'

/** @throws HttpError 400 */
export function readObject(raw: Buffer, fields: Fields): Record<string, unknown> {
  if (raw.length === 0) {
    throw new HttpError(400, { msg: 'a JSON object is expected, the body is empty', type: 'missing', loc: ['body'] })
  }
  const value = parseJson(raw)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HttpError(400, {
      msg: `a JSON object is expected, not ${nameOf(value)}`,
      type: 'object_type',
      loc: ['body'],
    })
  }
  return checkFields(new Map(Object.entries(value)), fields, 'body')
}

/**
 * Whether a body is what its reader takes. One that is empty needs no type.
 *
 * @throws HttpError 415
 */
export function requireJson({ headers }: IncomingMessage): void {
  const mediaType = headers['content-type']
  const isEmpty = Number(headers['content-length'] ?? 0) === 0 && headers['transfer-encoding'] === undefined
  if (mediaType === undefined && isEmpty) return
  const [type = '', ...parameters] = (mediaType ?? '').split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length)
  if (JSON_TYPES.includes(type) && /^(?:"?utf-?8"?)?$/.test(charset ?? '')) return
  const found = mediaType === undefined ? 'no content-type is given' : `not ${JSON.stringify(mediaType)}`
  const msg = `the body must be application/json in UTF-8: ${found}`
  throw new HttpError(415, { msg, type: 'unsupported_media_type', loc: ['header', 'content-type'] })
}

/** CloudEvents 1.0.2, JSON event format §3: an event with its attributes in one document. */
const JSON_TYPES = ['application/json', 'application/cloudevents+json']

/** @throws HttpError 400 */
export function parseJson(raw: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : 'it is not UTF-8'
    throw new HttpError(400, { msg: `the body is not JSON: ${reason}`, type: 'json_invalid', loc: ['body'] }, { cause })
  }
}

/** @throws HttpError 400 */
export function readQuery(search: string, fields: Fields): Record<string, unknown> {
  const given = new Map<string, unknown>()
  const complaints: ErrorDetail[] = []
  for (const pair of search.split('&')) {
    if (pair === '') continue
    const [name, ...rest] = pair.split('=')
    const key = decode(name ?? '')
    const value = decode(rest.join('='))
    if (key === undefined || value === undefined) {
      const msg = `a % must be followed by two hexadecimal digits that make UTF-8: ${JSON.stringify(pair)}`
      complaints.push({ msg, type: 'invalid_escape', loc: ['query', key ?? name ?? ''] })
    } else if (given.has(key)) {
      complaints.push({ msg: `${key} is given more than once`, type: 'duplicate', loc: ['query', key] })
    } else {
      const integer = fields[key]?.type === 'integer' && /^-?\d{1,15}$/.test(value)
      given.set(key, integer ? Number(value) : value)
    }
  }
  if (complaints.length > 0) throw new HttpError(400, complaints)
  return checkFields(given, fields, 'query')
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** Checks all values and fills in defaults; every complaint is raised at once. */
function checkFields(given: ReadonlyMap<string, unknown>, fields: Fields, where: 'query' | 'body') {
  const complaints: ErrorDetail[] = []
  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (!given.has(name)) {
      if (field.required === true) complaints.push({ msg: `${name} is missing`, type: 'missing', loc: [where, name] })
      values[name] = field.default
      continue
    }
    const value = given.get(name)
    const rule = FIELD_RULES.find((candidate) => candidate.breaks(value, field))
    if (rule !== undefined) {
      complaints.push({ msg: `${name} ${rule.expected(field, value)}`, type: rule.type, loc: [where, name] })
    }
    values[name] = value
  }
  for (const name of given.keys()) {
    if (Object.hasOwn(fields, name)) continue
    const meant = nearMiss(name, Object.keys(fields))
    const known = Object.keys(fields).join(', ')
    const hint = meant !== undefined ? `: did you mean ${meant}?` : known === '' ? '' : `: known are ${known}`
    complaints.push({
      msg: `${JSON.stringify(name)} is not known here${hint}`,
      type: 'extra_forbidden',
      loc: [where, name],
    })
  }
  if (complaints.length > 0) throw new HttpError(400, complaints)
  return values
}

interface FieldRule {
  readonly type: string
  readonly breaks: (value: unknown, field: Field) => boolean
  readonly expected: (field: Field, value: unknown) => string
}

/** In this order; the first broken one is reported. */
const FIELD_RULES: readonly FieldRule[] = [
  {
    type: 'string_type',
    breaks: (value, field) => field.type === 'string' && typeof value !== 'string',
    expected: (_, value) => `must be a string, not ${nameOf(value)}`,
  },
  {
    type: 'int_type',
    breaks: (value, field) => field.type === 'integer' && !Number.isInteger(value),
    expected: (_, value) => `must be a whole number, not ${nameOf(value)}`,
  },
  {
    type: 'bool_type',
    breaks: (value, field) => field.type === 'boolean' && typeof value !== 'boolean',
    expected: (_, value) => `must be true or false, not ${nameOf(value)}`,
  },
  {
    type: 'enum',
    breaks: (value, field) => field.enum !== undefined && !field.enum.includes(String(value)),
    expected: (field, value) => `must be one of ${field.enum?.join(', ')}, not ${JSON.stringify(value)}`,
  },
  {
    type: 'string_unicode',
    breaks: (value) => typeof value === 'string' && (!value.isWellFormed() || /\p{Cc}/u.test(value)),
    expected: () => 'must not hold control characters or half a surrogate pair',
  },
  {
    type: 'string_too_short',
    breaks: (value, field) => typeof value === 'string' && value.length < (field.minLength ?? 0),
    expected: (field) => `must have at least ${field.minLength} character${field.minLength === 1 ? '' : 's'}`,
  },
  {
    type: 'string_too_long',
    breaks: (value, field) => typeof value === 'string' && value.length > (field.maxLength ?? Number.POSITIVE_INFINITY),
    expected: (field) => `must have at most ${field.maxLength} characters`,
  },
  {
    type: 'string_pattern_mismatch',
    breaks: (value, field) => field.pattern !== undefined && !new RegExp(field.pattern, 'u').test(String(value)),
    expected: (field) => `must be ${field.patternHint ?? `a match of ${field.pattern}`}`,
  },
  {
    type: 'less_than_minimum',
    breaks: (value, field) => typeof value === 'number' && value < rangeOf(field).minimum,
    expected: (field) => `must be ${rangeOf(field).minimum} or more`,
  },
  {
    type: 'greater_than_maximum',
    breaks: (value, field) => typeof value === 'number' && value > rangeOf(field).maximum,
    expected: (field) => `must be ${rangeOf(field).maximum} or less`,
  },
]

/** What an integer field takes. JSON numbers beyond 2⁵³ have lost their last digits by the time they are read. */
export function rangeOf({ minimum, maximum }: Field): { readonly minimum: number; readonly maximum: number } {
  return { minimum: minimum ?? Number.MIN_SAFE_INTEGER, maximum: maximum ?? Number.MAX_SAFE_INTEGER }
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'string' || typeof value === 'number') return JSON.stringify(value).slice(0, 60)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
