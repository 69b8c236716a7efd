import { type Construction, Constructor } from './construct.ts'
import { parseDocument, type YamlEvent } from './events.ts'
import { SizeBudget } from './size.ts'
import { YamlError } from './yaml-error.ts'

/** Everything but what YAML 1.1 counts as printable; NEL, LS and PS are line breaks to some readers and none to others. */
const UNFIT = /[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** Most files are ASCII, for which the quicker pattern is enough. */
const UNUSUAL = /[^\t\n\r\x20-\x7e]/

/** What is wrong with the text as YAML, at an offset in it. */
export interface YamlProblem {
  readonly offset: number
  readonly code: string
  readonly message: string
}

export type YamlReading = Construction | { readonly problem: YamlProblem }

/**
 * Reads one YAML 1.1 document as PyYAML's `safe_load` does. Never throws on account of the text. `budget` is shared by
 * files that are read together.
 */
export function readYaml(text: string, budget = new SizeBudget()): YamlReading {
  const construction = new Constructor()
  const problem = readEvents(text, (event) => construction.take(event), budget)
  return problem === null ? construction : { problem }
}

/** Hands over the document's events; null: all of them. What `take` throws as a YamlError is a problem, too. */
export function readEvents(
  text: string,
  take: (event: YamlEvent) => void,
  budget = new SizeBudget(),
): YamlProblem | null {
  try {
    budget.spend(text)
    checkCharacters(text)
    return parseDocument(text, take) ? null : { offset: 0, code: 'yaml_empty', message: 'the file is empty' }
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    const { offset, code, message } = error
    return { offset, code, message }
  }
}

function checkCharacters(text: string): void {
  const offset = UNUSUAL.test(text) ? text.search(UNFIT) : -1
  if (offset === -1) return
  const code = (text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const reason = /[\x85\u2028\u2029]/.test(text.charAt(offset))
    ? 'is a line break to some readers of YAML and text to others'
    : 'cannot be in YAML'
  throw new YamlError(
    offset,
    'yaml_character',
    `the character U+${code} ${reason}; write it as an escape in double quotes`,
  )
}
