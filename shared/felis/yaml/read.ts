import { parseEvents, YAMLException } from 'js-yaml'
import { type Construction, ConstructionError, construct } from './construct.ts'

/** Nested collections; Felis needs a dozen. */
const DEEPEST = 100
/** 8 MiB of text: far beyond any schema, and what a release archive lets through. */
const LONGEST = 8 * 1024 * 1024

/** What is wrong with the text as YAML, at an offset in it. */
export interface YamlProblem {
  readonly offset: number
  readonly code: string
  readonly message: string
}

export type YamlReading = Construction | { readonly problem: YamlProblem }

/** Reads one YAML 1.1 document as PyYAML's `safe_load` does. Never throws on account of the text. */
export function readYaml(text: string): YamlReading {
  if (text.length > LONGEST) return broken(0, 'yaml_size', `the file is longer than ${LONGEST} characters`)
  try {
    const events = parseEvents(text, { maxDepth: DEEPEST })
    if (events.length === 0)
      return broken(0, 'yaml_empty', 'the file is empty; a schema is a mapping with a name and tables')
    return construct(events, text)
  } catch (error) {
    if (error instanceof ConstructionError) return broken(error.offset, error.code, error.message)
    if (error instanceof YAMLException)
      return broken(error.mark?.position ?? 0, 'yaml_syntax', `not YAML: ${error.reason}`)
    throw error
  }
}

function broken(offset: number, code: string, message: string): YamlReading {
  return { problem: { offset, code, message } }
}
