import type { Parameter } from '../uws/job.ts'
import type { ParameterPairs } from './parameters.ts'

/** Names of the objects of a job: two digits of its id in front spread them over the bucket (DESIGN §8.3 rule 3). */

/** All that the job's workers wrote. */
export function resultsPrefix(job: string): string {
  return `r/${job.slice(0, 2)}/${job}/`
}

/** What the worker with this claim wrote. */
export function attemptPrefix(job: string, fence: string): string {
  return `${resultsPrefix(job)}${fence}/`
}

/** One name a claim: no two workers write the same object. */
export function resultObject(job: string, fence: string, extension: string): string {
  return `${attemptPrefix(job, fence)}result.${extension}`
}

/** All tables that came with the job's requests. */
export function uploadsPrefix(job: string): string {
  return `u/${job.slice(0, 2)}/${job}/`
}

export function pairsOf(parameters: readonly Parameter[], runId: string | null): ParameterPairs {
  const pairs = parameters.map(({ name, value }) => [name, value] as const)
  return runId === null ? pairs : [...pairs, ['RUNID', runId]]
}
