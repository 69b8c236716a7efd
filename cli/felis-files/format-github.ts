import { showControls } from '../../shared/printable.ts'
import { count, describeUnsaid, gatherProblems } from './gather-problems.ts'
import type { FoundProblem, Validation } from './validate-files.ts'

/**
 * Workflow commands of GitHub Actions, which become annotations of the files: `::error file=…,line=…::message`. What
 * stands in files cannot become a command of its own.
 */
export function formatGithub({ reports, unsaid }: Validation, quiet: boolean): string {
  const problems = gatherProblems(reports)
  const failed = reports.filter(({ ok }) => !ok).length
  const summary = `${count(reports.length, 'file')}: ${failed === 0 ? 'ok' : `${failed} failed`}; ${count(problems.length, 'problem')}`
  const ending = quiet ? [] : [...(unsaid === 0 ? [] : [describeUnsaid(unsaid)]), summary]
  return `${[...problems.map(annotation), ...ending].join('\n')}\n`
}

function annotation(problem: FoundProblem): string {
  const { severity, file, line, column, code, message, suggestion, path, chain } = problem
  const text = [
    message,
    ...(suggestion === undefined ? [] : [`(did you mean ${suggestion}?)`]),
    ...(path === '' ? [] : [`at ${path}`]),
    ...(chain === undefined ? [] : [`in a resource: ${chain.join(' → ')}`]),
  ]
  return annotate(severity, { file, line, column, title: code, message: text.join(' ') })
}

interface Annotation {
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
  readonly title: string
  readonly message: string
}

/** One workflow command of GitHub Actions. */
export function annotate(
  severity: 'error' | 'warning' | 'notice',
  { file, line, column, title, message }: Annotation,
): string {
  const properties = Object.entries({ file, line, col: column, title })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  return `::${severity} ${properties.join(',')}::${escapeData(message)}`
}

/** As the runner of GitHub Actions takes it apart again, and without what would steer the log of a reviewer. */
function escapeData(text: string): string {
  return showControls(text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A'))
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
