import { formatProblem } from '../../shared/problem.ts'
import { XmlWriter } from '../../shared/xml/writer.ts'
import type { FoundProblem, Validation } from './validate-files.ts'

/** JUnit's XML, as Jenkins, GitLab and others read it: a test for each file, which fails where the file does. */
export function formatJunit({ reports }: Validation): string {
  const failures = reports.filter(({ ok }) => !ok).length
  const xml = new XmlWriter()
  xml.open('testsuites', { tests: reports.length, failures })
  xml.open('testsuite', { name: 'almagest validate', tests: reports.length, failures, errors: 0, skipped: 0 })
  for (const { file, ok, problems } of reports) {
    const place = { name: file, classname: 'felis', file }
    if (problems.length === 0) {
      xml.element('testcase', place)
      continue
    }
    const lines = problems.map(describe).join('\n')
    xml.open('testcase', place)
    if (ok) xml.element('system-out', {}, lines)
    else xml.element('failure', { message: messageOf(problems), type: problems[0]?.code }, lines)
    xml.close()
  }
  return xml.close().close().take()
}

function messageOf(problems: readonly FoundProblem[]): string {
  const [first] = problems.filter(({ severity }) => severity === 'error').concat(problems)
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`
  return `${first?.message ?? ''}${more}`
}

function describe(problem: FoundProblem): string {
  const chain = problem.chain === undefined ? '' : ` (in a resource: ${problem.chain.join(' → ')})`
  return `${formatProblem(problem)}${chain} [${problem.code}]`
}
