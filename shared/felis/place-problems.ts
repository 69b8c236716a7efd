import type { Problem } from '../problem.ts'
import type { Locator } from '../yaml/locate.ts'
import { type Draft, keysOf, showPath } from './location.ts'

/** Gives drafts their positions in the file, in the order in which a reader meets them. */
export function placeProblems(file: string, locator: Locator, drafts: readonly Draft[]): readonly Problem[] {
  const problems = drafts.map(({ loc, path = loc, at, severity, code, message, suggestion, notReportedByFelis }) => {
    const position = locator.find({ keys: keysOf(loc), at })
    const problem: Problem = { file, ...position, path: showPath(path), code, severity, message }
    return {
      ...problem,
      ...(suggestion === undefined ? {} : { suggestion }),
      ...(notReportedByFelis === true && severity === 'error' ? { notReportedByFelis } : {}),
    }
  })
  return problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
}
