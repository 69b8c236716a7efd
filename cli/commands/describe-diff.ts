import type { SchemaDiff } from '../../shared/tap-schema/diff.ts'
import { FAILED } from '../terminal/exit-codes.ts'
import { style } from '../terminal/style.ts'

export type FailOn = 'breaking' | 'any'

export const FAIL_ON: readonly FailOn[] = ['breaking', 'any']

export const BREAKING_HELP: readonly string[] = [
  'A change is breaking (!) when a query that works today can fail or mean something else: a schema, table or column that',
  'is gone or renamed (also in upper and lower case only), or new beside one that differs from it in case only; another',
  'datatype, xtype, shape or unit of a column. Foreign keys are never breaking: no query names them.',
]

/** A formatted diff for the terminal: breaking changes in red. */
export function describeDiff(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith('!') ? style('red', line) : line))
    .join('\n')
}

/** Sets the exit code when there are changes of the kind that the caller does not want. */
export function failOnChanges(diff: SchemaDiff, failOn: FailOn | undefined): void {
  const fails = failOn === 'any' ? diff.changes.length > 0 : failOn === 'breaking' && diff.breaking
  if (fails) process.exitCode = FAILED
}
