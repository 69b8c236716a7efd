import type { Problem } from '../problem.ts'
import type { Position } from './yaml-positions.ts'

export type EnvironmentProblemCode =
  | 'yaml_syntax'
  | 'duplicate_key'
  | 'unknown_key'
  | 'wrong_type'
  | 'out_of_range'
  | 'invalid_value'
  | 'missing_key'
  | 'conflict'
  | 'duplicate_item'
  | 'shared_database'
  | 'unsupported'
  | 'no_effect'

/** Where in the file: the dotted path as it is written there, and the position. */
export interface Place {
  readonly path: string
  readonly at: Position
}

/** Collects what is wrong with one environment file. */
export class Report {
  readonly #file: string
  #problems: Problem[] = []

  constructor(file: string) {
    this.#file = file
  }

  error(code: EnvironmentProblemCode, place: Place, message: string, suggestion?: string): void {
    this.#add(code, 'error', place, message, suggestion)
  }

  warn(code: EnvironmentProblemCode, place: Place, message: string): void {
    this.#add(code, 'warning', place, message, undefined)
  }

  /** Takes back what was said of values that are wrong or missing after the first `count` problems. */
  forgiveIncomplete(count: number): void {
    const forgiven = ['invalid_value', 'missing_key']
    this.#problems = this.#problems.filter((problem, index) => index < count || !forgiven.includes(problem.code))
  }

  get failed(): boolean {
    return this.#problems.some((problem) => problem.severity === 'error')
  }

  get errors(): number {
    return this.#problems.filter((problem) => problem.severity === 'error').length
  }

  get count(): number {
    return this.#problems.length
  }

  /** In the order of the file. */
  list(): readonly Problem[] {
    return this.#problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
  }

  #add(
    code: EnvironmentProblemCode,
    severity: Problem['severity'],
    { path, at }: Place,
    message: string,
    suggestion: string | undefined,
  ): void {
    const problem = { file: this.#file, ...at, path, code, severity, message }
    this.#problems.push(suggestion === undefined ? problem : { ...problem, suggestion })
  }
}
