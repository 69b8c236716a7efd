import { expect } from 'vitest'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import type { Problem } from '../../shared/problem.ts'
import { formatProblem } from '../../shared/problem.ts'

export function environmentOf(yaml: string) {
  const { environment, problems } = parseEnvironment('env.yaml', yaml)
  expect(problems.map(formatProblem)).toEqual([])
  expect(environment).not.toBeNull()
  return environment!
}

/** `line:column code path` of each problem. */
export function complaintsOf(yaml: string): string[] {
  const { environment, problems } = parseEnvironment('env.yaml', yaml)
  expect(environment).toBeNull()
  return problems.map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`.trimEnd())
}

export function problemOf(yaml: string): Problem {
  const { environment, problems } = parseEnvironment('env.yaml', yaml)
  expect(environment).toBeNull()
  expect(problems.map(formatProblem)).toHaveLength(1)
  return problems[0]!
}

export const withServer = (lines: string) =>
  `tap:\n  servers:\n    tap:\n      schemas: [dp1]\n${lines.replace(/^(?=.)/gm, '      ')}\n`
export const withUrl = (lines: string) => withServer(`databaseUrl: postgresql://tap@h/tap\n${lines}`)
