import { EnvironmentError } from './failures.ts'
import type { Environment } from './model.ts'
import type { ResultsConfig } from './results-model.ts'

/** Where results lie and when they go. Throws EnvironmentError when the file does not say. */
export function requireResults({ file, results }: Environment): ResultsConfig {
  if (results !== null) return results
  const message = 'says nothing about results: give results.bucket and results.rules (docs/results.md)'
  throw new EnvironmentError(`the environment file ${file} ${message}`)
}
