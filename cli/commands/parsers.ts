import { InvalidArgumentError } from 'commander'
import { isGeneration } from '../../shared/platform/generation.ts'
import { complaintAboutVersion } from '../../shared/releases/naming.ts'
import { MAX_PATIENCE } from '../../shared/tap-schema/patience.ts'

/** `a,b` and repetitions of the option, in one list. */
export function parseList(value: string, before: readonly string[] | undefined): readonly string[] {
  const names = value.split(',').map((name) => name.trim())
  if (names.includes('')) throw new InvalidArgumentError('A name is empty; names are separated by commas.')
  const all = [...(before ?? []), ...names]
  const twice = all.find((name, index) => all.indexOf(name) !== index)
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} is named twice.`)
  return all
}

export function parseSchemas(value: string, before: readonly string[] | undefined): readonly string[] {
  const schemas = parseList(value, before)
  const file = schemas.find((name) => /\.ya?ml$/.test(name))
  if (file === undefined) return schemas
  throw new InvalidArgumentError(`Schemas are named without their ending: ${file.replace(/\.ya?ml$/, '')}.`)
}

const MAX_DEADLINE_SECONDS = MAX_PATIENCE.deadlineMs / 1000

export function parseDeadline(value: string): number {
  const seconds = Number(value)
  if (value.trim() !== '' && seconds > 0 && seconds <= MAX_DEADLINE_SECONDS) return seconds
  throw new InvalidArgumentError(`It must be a number of seconds, more than 0 and at most ${MAX_DEADLINE_SECONDS}.`)
}

/** @param what says what is expected, in an error */
export function parseInteger(value: string, minimum: number, maximum: number, what: string): number {
  const number = Number(value)
  if (/^[+-]?\d+$/.test(value) && number >= minimum && number <= maximum) return number
  throw new InvalidArgumentError(`It must be ${what}.`)
}

/** Rows at most (TAP 1.1 §2.7.4). */
export function parseMaxrec(value: string): number {
  return parseInteger(value, 0, Number.MAX_SAFE_INTEGER, 'a whole number from 0 on')
}

export function parseText(value: string): string {
  if (value.trim() === '' || value.includes('\0')) throw new InvalidArgumentError('It must not be empty.')
  return value
}

/** A name for a release (`releases/w.2026.34`, `main`). */
export function parseVersion(value: string): string {
  const complaint = complaintAboutVersion(value)
  if (complaint !== null) throw new InvalidArgumentError(`A release cannot have this name: it ${complaint}.`)
  return value
}

export function parseGeneration(value: string): string {
  if (isGeneration(value)) return value
  throw new InvalidArgumentError('It must be a generation: up to 19 digits, the first of which is not 0.')
}

/** Of a TAP service. */
export function parseServiceUrl(value: string): string {
  const url = URL.parse(value)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidArgumentError('It must be an http:// or https:// address.')
  }
  return value
}
