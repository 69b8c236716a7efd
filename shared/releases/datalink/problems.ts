import type { Problem } from '../../problem.ts'
import { Locator } from '../../yaml/locate.ts'

export type DatalinkProblemCode =
  | 'datalink_not_utf8'
  | 'datalink_not_ascii'
  | 'datalink_byte_order_mark'
  | 'manifest_missing'
  | 'manifest_invalid'
  | 'manifest_duplicate'
  | 'manifest_empty_service'
  | 'snippet_missing'
  | 'snippet_unused'
  | 'snippet_not_xml'
  | 'snippet_variable'
  | 'snippet_template'
  | 'column_unknown'
  | 'column_ambiguous'
  | 'column_lists_invalid'
  | 'table_unknown'

interface ProblemDetails {
  readonly severity?: Problem['severity']
  readonly suggestion?: string | undefined
  /** In the text, in UTF-16 units. */
  readonly offset?: number
  readonly path?: string
}

/** More of a kind in one file help nobody. */
const MOST_PROBLEMS = 100

/** Collects what is wrong with one file of datalink metadata, up to a hundred errors and as many warnings. */
export class DatalinkReport {
  readonly problems: Problem[] = []
  readonly #file: string
  readonly #locator: Locator

  constructor(file: string, text = '') {
    this.#file = file
    this.#locator = new Locator(text)
  }

  add(code: DatalinkProblemCode, message: string, details: ProblemDetails = {}): void {
    const { severity = 'error', suggestion, offset, path = '' } = details
    // Warnings must not hide an error.
    if (this.problems.filter((problem) => problem.severity === severity).length >= MOST_PROBLEMS) return
    const position = offset === undefined || offset < 0 ? {} : this.#locator.position(offset)
    const hint = suggestion === undefined ? {} : { suggestion }
    this.problems.push({ file: this.#file, ...position, path, code, severity, message, ...hint })
  }
}

/** The text of a file; null, with a problem, when it is not UTF-8. */
export function decodeText(file: string, content: Uint8Array, problems: Problem[]): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    const report = new DatalinkReport(file)
    report.add('datalink_not_utf8', 'the file is not text in UTF-8')
    problems.push(...report.problems)
    return null
  }
}
