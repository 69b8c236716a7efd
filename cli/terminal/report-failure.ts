import { Failure, messageOf } from '../../shared/failure.ts'
import { showControlsInLines } from '../../shared/printable.ts'
import { formatProblem, type Problem } from '../../shared/problem.ts'
import { isDebugging } from './debugging.ts'
import { FAILED, USAGE } from './exit-codes.ts'
import { writeError, writeJson, writeNote } from './output.ts'
import { hideSecrets } from './secrets.ts'
import { UsageError } from './usage-error.ts'

interface ReportOptions {
  readonly json: boolean
  /** The command's arguments: what must not be repeated is among them. */
  readonly args: readonly string[]
  /** The command that was called, when there is one of that name. */
  readonly command: string | undefined
}

/** Tells what was thrown: one sentence and its problems, or the same as JSON. Says the exit code. */
export function reportFailure(error: unknown, { json, args, command }: ReportOptions): number {
  const hide = hideSecrets(args)
  const known = error instanceof Failure
  const message = hide(known ? error.message : describeUnexpected(error))
  const problems = known ? error.problems.map((problem) => ({ ...problem, message: hide(problem.message) })) : []
  report({ code: known ? error.code : 'internal', message, problems }, json, command)
  if (!known && !json) writeNote('  this should not happen; ALMAGEST_DEBUG=1 shows where it did')
  if (isDebugging()) writeError(`${showControlsInLines(hide(stackOf(error)))}\n`)
  return error instanceof UsageError ? USAGE : FAILED
}

/** Tells what commander did not like. */
export function reportUsage(message: string, { json, args, command }: ReportOptions): void {
  const text = hideSecrets(args)(message.replace(/^error: /, ''))
  report({ code: 'usage', message: text.replaceAll('\n', ' '), problems: [] }, json, command)
}

interface Report {
  readonly code: string
  readonly message: string
  readonly problems: readonly Problem[]
}

function report(error: Report, json: boolean, command: string | undefined): void {
  if (json) {
    writeJson({ error })
    return
  }
  const { message, problems } = withoutRepetition(error)
  writeNote(`almagest: ${message}`)
  writeProblems(problems)
  if (error.code === 'usage') writeNote(`  see \`almagest ${command === undefined ? 'help' : `${command} --help`}\``)
}

/** Messages that stand alone in a log name the first problem, or all; where all problems follow, once is enough. */
function withoutRepetition({ message, problems }: Report): Pick<Report, 'message' | 'problems'> {
  const [first] = problems
  if (first === undefined) return { message, problems }
  const listed = problems.map((problem) => `\n  ${formatProblem(problem)}`).join('')
  for (const repeated of [`, the first: ${first.message}`, listed]) {
    if (message.endsWith(repeated)) return { message: message.slice(0, -repeated.length), problems }
  }
  const saysAll = problems.length === 1 && message.startsWith(first.file) && message.endsWith(first.message)
  return { message, problems: saysAll ? [] : problems }
}

/** One line a problem, on stderr. */
export function writeProblems(problems: readonly Problem[]): void {
  for (const problem of problems) writeNote(`  ${formatProblem(problem)}`)
}

function describeUnexpected(error: unknown): string {
  return `unexpected error: ${messageOf(error)}`
}

function stackOf(error: unknown): string {
  const lines: string[] = []
  for (let cause = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    lines.push(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
  }
  return lines.join('\ncaused by: ')
}
