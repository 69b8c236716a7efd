import { type Construction, Constructor } from './construct.ts'
import { YamlError } from './cursor.ts'
import { parseDocument } from './events.ts'

/** 8 MiB of text: far beyond any schema, and what a release archive lets through. */
const LONGEST = 8 * 1024 * 1024

/** Everything but what YAML 1.1 counts as printable. */
const UNPRINTABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** Most files are ASCII, for which the quicker pattern is enough. */
const UNUSUAL = /[^\t\n\r\x20-\x7e]/

/** What is wrong with the text as YAML, at an offset in it. */
export interface YamlProblem {
  readonly offset: number
  readonly code: string
  readonly message: string
}

export type YamlReading = Construction | { readonly problem: YamlProblem }

/** Reads one YAML 1.1 document as PyYAML's `safe_load` does. Never throws on account of the text. */
export function readYaml(text: string): YamlReading {
  try {
    checkCharacters(text)
    const construction = new Constructor()
    if (!parseDocument(text, (event) => construction.take(event))) {
      throw new YamlError(0, 'yaml_empty', 'the file is empty; a schema is a mapping with a name and tables')
    }
    return construction
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    const { offset, code, message } = error
    return { problem: { offset, code, message } }
  }
}

function checkCharacters(text: string): void {
  if (text.length > LONGEST) throw new YamlError(0, 'yaml_size', `the file is longer than ${LONGEST} characters`)
  const offset = UNUSUAL.test(text) ? text.search(UNPRINTABLE) : -1
  if (offset === -1) return
  const code = (text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  throw new YamlError(
    offset,
    'yaml_character',
    `the character U+${code} cannot be in YAML; write it as an escape in double quotes`,
  )
}
