import type { FileReport, FoundProblem } from './validate-files.ts'

/**
 * All problems, each once: what is wrong with a resource is found for every file that uses it, but it has to be mended
 * only once. A file that was asked for itself needs no chain that leads to it.
 */
export function gatherProblems(reports: readonly FileReport[]): readonly FoundProblem[] {
  const asked = new Set(reports.map(({ file }) => file))
  const gathered = new Map<string, FoundProblem>()
  for (const { problems } of reports) {
    for (const problem of problems) {
      const { chain: _, ...own } = problem
      const key = JSON.stringify(own)
      if (!gathered.has(key)) gathered.set(key, asked.has(problem.file) ? own : problem)
    }
  }
  return [...gathered.values()]
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** One line for what would be wrong if all files were served together. */
export function describeUnsaid(number: number): string {
  const what = number === 1 ? '1 name is' : `${number} names are`
  return `${what} in more than one file, which matters to one TAP server only: --together or --environment FILE shows them`
}
