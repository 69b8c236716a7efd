import { showControls } from '../../shared/printable.ts'
import { formatCaret } from '../terminal/caret.ts'
import { style } from '../terminal/style.ts'
import { count, describeUnsaid, gatherProblems } from './gather-problems.ts'
import type { FoundProblem, Validation } from './validate-files.ts'

/** For people: a line for each problem, on a terminal with the line it is about, and a summary at the end. */
export function formatText(
  validation: Validation,
  terminal: { readonly width: number } | null,
  quiet: boolean,
): string {
  const problems = gatherProblems(validation.reports)
  const lines = new Map<string, readonly string[]>()
  const linesOf = (file: string): readonly string[] => {
    const known = lines.get(file) ?? validation.textOf(file)?.split(/\r\n?|\n/) ?? []
    lines.set(file, known)
    return known
  }
  const blocks = problems.flatMap((problem) => [
    ...problemLines(problem),
    ...(terminal === null ? [] : sourceLines(problem, linesOf, terminal.width)),
  ])
  return `${[...blocks, ...(quiet ? [] : summarise(validation, problems))].join('\n')}\n`
}

const COLOURS = { error: 'red', warning: 'yellow' } as const

function problemLines(problem: FoundProblem): string[] {
  const { severity, code, path, suggestion, chain } = problem
  const place = path === '' ? '' : ` ${style('dim', `at ${showControls(path)}`)}`
  const hint = suggestion === undefined ? '' : ` (did you mean ${showControls(suggestion)}?)`
  const heading = `${placeOf(problem)}: ${style(COLOURS[severity], severity)}: ${showControls(problem.message)}${hint}`
  const line = `${heading} [${code}]${place}`
  return chain === undefined
    ? [line]
    : [line, `  ${style('dim', `in a resource: ${chain.map(showControls).join(' → ')}`)}`]
}

function placeOf({ file, line, column }: FoundProblem): string {
  const position = [line, column].filter((number) => number !== undefined).map((number) => `:${number}`)
  return style('bold', `${showControls(file)}${position.join('')}`)
}

function sourceLines(
  { file, line, column = 1 }: FoundProblem,
  linesOf: (file: string) => readonly string[],
  width: number,
): readonly string[] {
  const text = line === undefined ? undefined : linesOf(file)[line - 1]
  return text === undefined || line === undefined ? [] : formatCaret(text, { line, column }, width)
}

function summarise({ reports, unsaid }: Validation, problems: readonly FoundProblem[]): readonly string[] {
  const failed = reports.filter(({ ok }) => !ok).length
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  const verdict = failed === 0 ? style('green', 'ok') : style('red', `${failed} failed`)
  const found = [...(errors > 0 ? [count(errors, 'error')] : []), ...(warnings > 0 ? [count(warnings, 'warning')] : [])]
  const summary = `${count(reports.length, 'file')}: ${verdict}${found.length === 0 ? '' : `; ${found.join(', ')}`}`
  return unsaid === 0 ? [summary] : [describeUnsaid(unsaid), summary]
}
