import { nearMiss as findNearMiss } from '../near-miss.ts'
import type { YamlKey, YamlMap, YamlValue } from '../yaml/values.ts'
import type { FelisContext } from './context.ts'
import { below, type Draft, type Path } from './location.ts'
import type { Shape } from './shape.ts'

/** The state of turning one file's data into the model: what is known so far, and everything found wrong. */
export interface Reading {
  readonly file: string
  readonly context: FelisContext
  /** The `@id`s made from names, for the mappings that have none. */
  readonly generatedIds: ReadonlyMap<YamlMap, string>
  readonly drafts: Draft[]
  /** How many errors were reported, and how many warnings. */
  errors: number
  warnings: number
  /** Ids of things that are in the file but could not be read: nothing may be called missing that is only broken. */
  readonly brokenIds: Set<string>
  /** Ids that are there twice because a name is, which has been reported. */
  readonly repeatedIds: Set<string>
  /** Something broken has no known id, so a missing id may be its own. */
  idsUnknown: boolean
  /** Above 0 while things are read that Felis would not look at any more. */
  notReportedByFelis: number
  /** How many more list items and keys may be read: aliases can make a small file stand for millions. */
  itemsLeft: number
  /** How many more near misses may be looked for, which takes time. */
  suggestionsLeft: number
  /** The same for words of fixed lists: units and UCDs. */
  wordSuggestionsLeft: number
}

const MOST_ITEMS = 300_000
const MOST_SUGGESTIONS = 50
const MOST_WORD_SUGGESTIONS = 300
const MOST_DRAFTS = 2_000

export function startReading(file: string, context: FelisContext, generatedIds: ReadonlyMap<YamlMap, string>): Reading {
  return {
    file,
    context,
    generatedIds,
    drafts: [],
    errors: 0,
    warnings: 0,
    brokenIds: new Set(),
    repeatedIds: new Set(),
    idsUnknown: false,
    notReportedByFelis: 0,
    itemsLeft: MOST_ITEMS,
    suggestionsLeft: MOST_SUGGESTIONS,
    wordSuggestionsLeft: MOST_WORD_SUGGESTIONS,
  }
}

/** What a reader answers when the value is wrong; it has reported why. */
export const INVALID = Symbol('invalid')

/** Checks and converts the value found under `key` of what is at `parent`. */
export interface Reader<T> {
  (value: YamlValue, parent: Path, key: YamlKey, reading: Reading): T | typeof INVALID
  /** What it takes. */
  readonly shape?: Shape
}

export interface Report extends Omit<Draft, 'severity' | 'at' | 'suggestion'>, Partial<Pick<Draft, 'severity' | 'at'>> {
  readonly suggestion?: string
  /** What was written, and what may have been meant. */
  readonly nearMiss?: {
    readonly word: string
    readonly candidates: () => Iterable<string>
    /** The id that a name stands for, where the word should be an id. */
    readonly named?: () => string | undefined
  }
}

/** Errors and warnings are limited apart, so that neither hides the other. */
export function report(reading: Reading, { severity = 'error', at = 'value', nearMiss, ...rest }: Report): void {
  const count = severity === 'error' ? ++reading.errors : ++reading.warnings
  if (count <= MOST_DRAFTS) {
    const hint =
      rest.suggestion === undefined ? nearMiss && suggest(reading, nearMiss) : { suggestion: rest.suggestion }
    const notReportedByFelis = reading.notReportedByFelis > 0 || rest.notReportedByFelis === true
    const message = hint?.isNamed ? `${rest.message}; it is a name, and an id belongs here` : rest.message
    const suggestion = hint && { suggestion: hint.suggestion }
    reading.drafts.push({ ...rest, severity, at, notReportedByFelis, message, ...suggestion })
  } else if (count === MOST_DRAFTS + 1) {
    const message = `this file has more than these ${MOST_DRAFTS} ${severity}s`
    reading.drafts.push({ loc: null, at, severity, notReportedByFelis: true, code: 'too_many_problems', message })
  }
}

interface Hint {
  readonly suggestion: string
  readonly isNamed?: boolean
}

function suggest(reading: Reading, { word, candidates, named }: NonNullable<Report['nearMiss']>): Hint | undefined {
  reading.suggestionsLeft -= 1
  if (reading.suggestionsLeft < 0) return undefined
  const id = named?.()
  if (id !== undefined) return { suggestion: `'${id}'`, isNamed: true }
  const suggestion = findNearMiss(word, candidates())
  return suggestion === undefined ? undefined : { suggestion }
}

/** Whether a near miss of a unit or a UCD may still be looked for; it counts as one. */
export function spendSuggestion(reading: Reading): boolean {
  reading.wordSuggestionsLeft -= 1
  return reading.wordSuggestionsLeft >= 0
}

/** Counts items about to be read; false: the file stands for too many, and that has been reported. */
export function spendItems(reading: Reading, count: number, loc: Path): boolean {
  const wasLeft = reading.itemsLeft >= 0
  reading.itemsLeft -= count
  if (reading.itemsLeft >= 0) return true
  if (wasLeft) {
    const message = `the file stands for more than ${MOST_ITEMS} things; aliases repeat what they stand for`
    report(reading, { loc, code: 'too_large', message, notReportedByFelis: true })
  }
  reading.idsUnknown = true
  return false
}

/** Reports that a value is wrong and answers for the reader. */
export function refuse(reading: Reading, parent: Path, key: YamlKey, code: string, message: string): typeof INVALID {
  report(reading, { loc: below(parent, key), code, message })
  return INVALID
}
