import type { FelisContext } from './context.ts'
import { below, type Draft, type Path } from './location.ts'
import type { YamlKey, YamlMap, YamlValue } from './yaml/values.ts'

/** The state of turning one file's data into the model: what is known so far, and everything found wrong. */
export interface Reading {
  readonly file: string
  readonly context: FelisContext
  /** The `@id`s made from names, for the mappings that have none. */
  readonly generatedIds: ReadonlyMap<YamlMap, string>
  readonly drafts: Draft[]
  /** The number of drafts that are errors. */
  errors: number
  /** Ids of things that are in the file but could not be read: nothing may be called missing that is only broken. */
  readonly brokenIds: Set<string>
  /** Ids that are there twice because a name is, which has been reported. */
  readonly repeatedIds: Set<string>
  /** Something broken has no known id, so a missing id may be its own. */
  idsUnknown: boolean
}

/** What a reader answers when the value is wrong; it has reported why. */
export const INVALID = Symbol('invalid')

/** Checks and converts the value found under `key` of what is at `parent`. */
export type Reader<T> = (value: YamlValue, parent: Path, key: YamlKey, reading: Reading) => T | typeof INVALID

export type Report = Omit<Draft, 'severity' | 'at'> & Partial<Pick<Draft, 'severity' | 'at'>>

export function report(reading: Reading, { severity = 'error', at = 'value', ...rest }: Report): void {
  if (severity === 'error') reading.errors += 1
  reading.drafts.push({ severity, at, ...rest })
}

/** Reports that a value is wrong and answers for the reader. */
export function refuse(
  reading: Reading,
  parent: Path,
  key: YamlKey,
  code: string,
  message: string,
  suggestion?: string,
): typeof INVALID {
  const loc = below(parent, key)
  report(reading, suggestion === undefined ? { loc, code, message } : { loc, code, message, suggestion })
  return INVALID
}
