import { existsSync, readFileSync } from 'node:fs'
import type { FunctionProcess } from '../support/function-process.ts'

/** Resident memory in MiB; 0 of one that has just ended, and where there is no /proc. */
export function residentMiB({ child }: FunctionProcess): number {
  const status = `/proc/${child.pid}/status`
  const [, kibibytes = '0'] = (existsSync(status) && /VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))) || []
  return Math.round(Number(kibibytes) / 1024)
}

/** The middle one; 0 of none. */
export function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
