/** One thing that is wrong (or doubtful) in a YAML file: a Felis schema, or an environment file. */
export interface Problem {
  /** The file as its reader knows it: `dp2.yaml` inside a release, a path for an environment file. */
  readonly file: string
  /** 1-based position in `file`, where it is known. */
  readonly line?: number
  readonly column?: number
  /** Felis's own location, dotted: `tables.1.constraints.0.ForeignKey.columns`; empty for the whole file. */
  readonly path: string
  /** Stable name of the rule that was broken, in lower snake case. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  /** What was found and what would be right. */
  readonly message: string
  /** The near miss, for `did you mean …?`. */
  readonly suggestion?: string
  /**
   * Felis 30 does not report this one: it stops at the first failing check of an object, and checks a whole only when
   * all its parts are right. All other problems are those of Felis, path for path.
   */
  readonly notReportedByFelis?: true
}

/** `dp2.yaml:12:5: tables.0.columns.3: message`: one line that editors and terminals can follow. */
export function formatProblem(problem: Problem): string {
  const position =
    problem.line === undefined ? '' : `:${problem.line}${problem.column === undefined ? '' : `:${problem.column}`}`
  const path = problem.path === '' ? '' : ` ${problem.path}:`
  const hint = problem.suggestion === undefined ? '' : ` (did you mean ${problem.suggestion}?)`
  const severity = problem.severity === 'warning' ? ' warning:' : ''
  return `${problem.file}${position}:${severity}${path} ${problem.message}${hint}`
}
