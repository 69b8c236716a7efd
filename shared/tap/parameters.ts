import { Failure } from '../failure.ts'
import { nearMiss } from '../near-miss.ts'
import { type ChosenFormat, chooseFormat, listFormats } from '../votable/formats.ts'

/** Names and values of a request, in their order. */
export type ParameterPairs = readonly (readonly [name: string, value: string])[]

export interface TapRequest {
  /** The ADQL. */
  readonly query: string
  readonly maxRows: number
  readonly format: ChosenFormat
  /** The values of UPLOAD, in their order. */
  readonly uploads: readonly string[]
  readonly runId: string | null
}

/** A parameter of a TAP request is missing or wrong. */
export class ParameterError extends Failure {
  constructor(name: string, message: string) {
    super('malformed', `parameter_${name.toLowerCase()}`, message)
  }
}

export interface ParameterLimits {
  readonly maxrec: { readonly default: number; readonly hard: number | null }
}

/** The parameters that may be given once only (DALI 1.1 §3.4, TAP 1.1 §2.7). Others than these and UPLOAD are ignored. */
const SINGLE = ['REQUEST', 'LANG', 'QUERY', 'MAXREC', 'RESPONSEFORMAT', 'FORMAT', 'RUNID'] as const

type Single = (typeof SINGLE)[number]

const LANGUAGES: readonly string[] = ['ADQL', 'ADQL-2.0', 'ADQL-2.1']

/** UWS 1.1 §2.2.1.10 leaves the length to the service. */
const RUNID_LENGTH = 64

/**
 * What a query asks for, synchronous or not (TAP 1.1 §2.7). Names compare without case, values do not.
 *
 * @throws ParameterError for the first thing that is wrong
 */
export function readParameters(pairs: ParameterPairs, limits: ParameterLimits): TapRequest {
  const given = singles(pairs)
  checkRequest(given.get('REQUEST'))
  checkLanguage(given.get('LANG'))
  const format = readFormat(given.get('RESPONSEFORMAT') ?? given.get('FORMAT'))
  return {
    query: readQuery(given.get('QUERY')),
    maxRows: readMaxRows(given.get('MAXREC'), limits.maxrec),
    format,
    uploads: valuesOf(pairs, 'UPLOAD'),
    runId: readRunId(given.get('RUNID')),
  }
}

/** How much `/tables` says (VOSI 1.1 §2.3.1). @throws ParameterError */
export function readDetail(pairs: ParameterPairs): 'min' | 'max' {
  const [value = 'max', ...others] = valuesOf(pairs, 'DETAIL')
  if (others.length === 0 && (value === 'min' || value === 'max')) return value
  throw new ParameterError('DETAIL', `detail is min or max, once, not ${quote([value, ...others].join(', '))}`)
}

/** The values of a parameter, without empty ones. */
function valuesOf(pairs: ParameterPairs, name: string): readonly string[] {
  return pairs.flatMap(([given, value]) => (given.toUpperCase() === name && value !== '' ? [value] : []))
}

/** A parameter without a value counts as left out. */
function singles(pairs: ParameterPairs): ReadonlyMap<Single, string> {
  const found = new Map<Single, string>()
  for (const name of SINGLE) {
    const [value, ...others] = valuesOf(pairs, name)
    if (others.length > 0) throw new ParameterError(name, `${name} is given ${others.length + 1} times: give it once`)
    if (value !== undefined) found.set(name, value)
  }
  return found
}

/** TAP 1.0 asked for it, TAP 1.1 leaves it out (TAP 1.1 §2.7.1). */
function checkRequest(request: string | undefined): void {
  if (request === undefined || request === 'doQuery') return
  throw new ParameterError('REQUEST', `REQUEST is doQuery or left out, not ${quote(request)}`)
}

function checkLanguage(language: string | undefined): void {
  if (language === undefined) throw new ParameterError('LANG', 'LANG is missing: give LANG=ADQL')
  if (LANGUAGES.includes(language)) return
  const meant = nearMiss(language.toUpperCase(), LANGUAGES)
  const hint = meant === undefined ? `there are ${LANGUAGES.join(', ')}` : `did you mean ${meant}?`
  throw new ParameterError('LANG', `there is no language ${quote(language)}: ${hint}`)
}

function readQuery(query: string | undefined): string {
  if (query === undefined || query.trim() === '') {
    throw new ParameterError('QUERY', 'QUERY is missing: give a query in ADQL, QUERY=SELECT …')
  }
  return query
}

/** TAP 1.1 §2.7.4: a service may return less than MAXREC asks for, which it then says. */
function readMaxRows(maxrec: string | undefined, { default: usual, hard }: ParameterLimits['maxrec']): number {
  if (maxrec === undefined) return usual
  if (!/^\+?\d+$/.test(maxrec.trim())) {
    throw new ParameterError('MAXREC', `MAXREC is a whole number, 0 or more, not ${quote(maxrec)}`)
  }
  return Math.min(Number(maxrec), hard ?? Number.MAX_SAFE_INTEGER)
}

function readFormat(asked: string | undefined): ChosenFormat {
  const format = chooseFormat(asked)
  if (format !== null) return format
  throw new ParameterError('RESPONSEFORMAT', `there is no format ${quote(asked ?? '')}: there are ${listFormats()}`)
}

function readRunId(runId: string | undefined): string | null {
  if (runId === undefined) return null
  if (runId.length > RUNID_LENGTH || /\p{Cc}/u.test(runId)) {
    throw new ParameterError('RUNID', `RUNID has at most ${RUNID_LENGTH} characters, none of them a control character`)
  }
  return runId
}

function quote(text: string): string {
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 60)}…`)
}
