import { nearMiss } from '../../near-miss.ts'
import type { Problem } from '../../problem.ts'
import { findXmlFault } from '../../xml/find-fault.ts'
import { DatalinkReport } from './problems.ts'
import { readTemplate } from './template-variables.ts'

/** What a TAP server gives every snippet, beside the columns of its service. */
const GIVEN: readonly string[] = ['baseUrl']

/**
 * Checks a snippet: a template whose `$variables$` are columns of its service or given, and well-formed XML.
 *
 * @param columns those of its service; null: no service has this snippet
 */
export function checkSnippet(file: string, text: string, columns: readonly string[] | null): readonly Problem[] {
  const report = new DatalinkReport(file, text)
  checkEncoding(text, report)
  const fault = findXmlFault(text)
  if (fault !== null) report.add('snippet_not_xml', `not well-formed XML: ${fault.message}`, { offset: fault.offset })
  const { variables, faults } = readTemplate(text)
  for (const { offset, message } of faults) report.add('snippet_template', message, { offset })
  if (columns === null) {
    const message = 'no service of datalink-manifest.json has this snippet: it is never used'
    report.add('snippet_unused', message, { severity: 'warning' })
    return report.problems
  }
  const known = [...columns, ...GIVEN]
  for (const { name, offset } of variables) {
    if (known.includes(name)) continue
    const suggestion = nearMiss(name, known)
    const message = `$${name}$ is not among the columns of the service (${columns.join(', ') || 'it has none'}), nor is it $${GIVEN.join('$, $')}$`
    report.add('snippet_variable', message, { offset, suggestion })
  }
  return report.problems
}

/** TAP servers read snippets as US-ASCII, whatever their declaration says. */
function checkEncoding(text: string, report: DatalinkReport): void {
  if (text.startsWith('\ufeff')) {
    report.add('datalink_byte_order_mark', 'the file begins with a byte order mark; TAP servers read US-ASCII')
    return
  }
  const offset = text.search(/[^\0-\x7f]/)
  if (offset === -1) return
  const code = text.codePointAt(offset) ?? 0
  const message = `TAP servers read US-ASCII and lose this character; write it as &#${code};`
  report.add('datalink_not_ascii', message, { offset, severity: 'warning' })
}
