import { describeValue, isYamlList, isYamlMap, YamlFloat, type YamlKey, type YamlValue } from '../yaml/values.ts'
import { below, type Path, showKey } from './location.ts'
import { INVALID, type Reader, type Reading, refuse, report, spendItems } from './reading.ts'
import { type Range, type Shape, shaped, shapeOf } from './shape.ts'

/** Text and nothing else: Felis does not turn numbers, booleans or dates into text. White space at the ends goes. */
export const text = textReader(trim)

/** The same, white space and all: where Felis looks text up as it was written. */
export const exactText = textReader((value) => value)

function textReader(finish: (value: string) => string): Reader<string> & { readonly shape: Shape } {
  return shaped<Reader<string>>(
    (value, parent, key, reading) => {
      if (typeof value !== 'string') {
        const hint = value === null || typeof value === 'object' ? '' : '; write it in quotes'
        return refuse(reading, parent, key, 'string_type', `expected text, found ${describeValue(value)}${hint}`)
      }
      if (!value.isWellFormed()) {
        return refuse(
          reading,
          parent,
          key,
          'string_unicode',
          'the text has half of a surrogate pair (\\ud800…\\udfff) in it',
        )
      }
      return finish(value)
    },
    { kind: 'text' },
  )
}

export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return shaped<Reader<T | null>>(
    (value, parent, key, reading) => (value === null ? null : reader(value, parent, key, reading)),
    { kind: 'nullable', of: shapeOf(reader) },
  )
}

/** An integer, or what Felis takes for one: a boolean, `3.0`, `'3'`. */
export function integer(range: Range = {}): Reader<number> {
  return shaped<Reader<number>>(
    (value, parent, key, reading) => {
      const number = toInteger(value)
      if (typeof number === 'object') return refuse(reading, parent, key, number.code, number.message)
      if (range.above !== undefined && !(number > range.above)) {
        return refuse(reading, parent, key, 'greater_than', `must be greater than ${range.above}, found ${number}`)
      }
      if (range.least !== undefined && number < range.least) {
        return refuse(reading, parent, key, 'greater_than_equal', `must be at least ${range.least}, found ${number}`)
      }
      if (range.most !== undefined && number > range.most) {
        return refuse(reading, parent, key, 'less_than_equal', `must be at most ${range.most}, found ${number}`)
      }
      return number
    },
    { kind: 'integer', range },
  )
}

/** Felis takes a decimal number for an integer only if that has at most 64 bits. */
const TOO_LARGE = 2 ** 63

/** Python's integers have no limit; beyond 2^53 digits are lost here, and no integer column of a database holds them. */
export function toInteger(value: YamlValue): number | { readonly code: string; readonly message: string } {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean' || typeof value === 'bigint') return Number(value)
  if (value instanceof YamlFloat) {
    if (Number.isInteger(value.value) && Math.abs(value.value) < TOO_LARGE) return value.value
    const code = !Number.isFinite(value.value)
      ? 'finite_number'
      : Number.isInteger(value.value)
        ? 'int_parsing_size'
        : 'int_from_float'
    return { code, message: `expected an integer, found ${describeValue(value)}` }
  }
  if (typeof value !== 'string')
    return { code: 'int_type', message: `expected an integer, found ${describeValue(value)}` }
  const digits = /^[+-]?\d+(?:_\d+)*(?=\.0+$|$)/.exec(trim(value))
  if (digits === null || digits[0].length > 4300) {
    return { code: 'int_parsing', message: `expected an integer, found ${describeValue(value)}` }
  }
  return Number(digits[0].replaceAll('_', ''))
}

const BOOLEAN_WORDS = new Map<string, boolean>([
  ...['0', 'off', 'f', 'false', 'n', 'no'].map((word) => [word, false] as const),
  ...['1', 'on', 't', 'true', 'y', 'yes'].map((word) => [word, true] as const),
])

/** A boolean, or what Felis takes for one: 0, 1, `0.0`, and words such as `yes` and `off` in any case. */
export const boolean = shaped<Reader<boolean>>(
  (value, parent, key, reading) => {
    const plain = value instanceof YamlFloat ? value.value : value
    if (typeof plain === 'boolean') return plain
    if (plain === 0 || plain === 1) return plain === 1
    const word = typeof plain === 'string' ? BOOLEAN_WORDS.get(plain.toLowerCase()) : undefined
    if (word !== undefined) return word
    return refuse(reading, parent, key, 'bool_type', `expected true or false, found ${describeValue(value)}`)
  },
  { kind: 'boolean' },
)

/** One of a fixed set of words, written exactly so. */
export function oneOf<T extends string>(words: readonly T[]): Reader<T> {
  const known = new Set<unknown>(words)
  return shaped<Reader<T>>(
    (value, parent, key, reading) => {
      if (known.has(value)) return value as T
      const message = `expected one of ${words.join(', ')}; found ${describeValue(value)}`
      const problem = { loc: below(parent, key), code: 'literal_error', message }
      report(
        reading,
        typeof value === 'string' ? { ...problem, nearMiss: { word: value, candidates: () => words } } : problem,
      )
      return INVALID
    },
    { kind: 'word', words },
  )
}

/** What is wrong with a value for one alternative of a union; Felis reports one problem for each of them. */
export interface Alternative {
  /** How Felis calls it in the path. */
  readonly name: string
  readonly code: string
  readonly message: string
}

export function notText(value: YamlValue): Alternative {
  return { name: 'constrained-str', code: 'string_type', message: `expected text, found ${describeValue(value)}` }
}

/** Refuses a value that none of several types takes. */
export function refuseAll(
  reading: Reading,
  parent: Path,
  key: YamlKey,
  alternatives: readonly Alternative[],
): typeof INVALID {
  const loc = below(parent, key)
  for (const { name, code, message } of alternatives) report(reading, { loc, path: below(loc, name), code, message })
  return INVALID
}

/** A list; items that are wrong have been reported and are left out. */
export function list<T>(item: Reader<T>, least = 0): Reader<T[]> {
  return shaped<Reader<T[]>>(
    (value, parent, key, reading) => {
      if (!isYamlList(value)) {
        return refuse(reading, parent, key, 'list_type', `expected a list, found ${describeValue(value)}`)
      }
      if (value.length < least) return refuse(reading, parent, key, 'too_short', 'the list must not be empty')
      const loc = below(parent, key)
      if (!spendItems(reading, value.length, loc)) return INVALID
      const items: T[] = []
      for (let index = 0; index < value.length; index++) {
        const read = item(value[index] ?? null, loc, index, reading)
        if (read !== INVALID) items.push(read)
      }
      return items
    },
    { kind: 'list', of: shapeOf(item), least },
  )
}

/** A mapping with keys of one's own choice; entries that are wrong have been reported and are left out. */
export function mapping<T>(entry: Reader<T>): Reader<ReadonlyMap<string, T>> {
  return shaped<Reader<ReadonlyMap<string, T>>>(
    (value, parent, key, reading) => {
      if (!isYamlMap(value)) {
        return refuse(reading, parent, key, 'dict_type', `expected a mapping, found ${describeValue(value)}`)
      }
      const loc = below(parent, key)
      if (!spendItems(reading, value.size, loc)) return INVALID
      const entries = new Map<string, T>()
      for (const [name, content] of value) {
        const fits = checkName(name, loc, reading)
        const read = entry(content, loc, name, reading)
        if (fits && read !== INVALID) entries.set(trim(String(name)), read)
      }
      return entries
    },
    { kind: 'mapping', of: shapeOf(entry) },
  )
}

/** Whether the key of a mapping of names is text; otherwise that is reported. */
function checkName(name: YamlKey, loc: Path, reading: Reading): boolean {
  if (typeof name === 'string' && name.isWellFormed()) return true
  const [code, message] =
    typeof name === 'string'
      ? ['string_unicode', 'the key has half of a surrogate pair (\\ud800…\\udfff) in it']
      : ['string_type', `expected text as a key, found ${describeValue(name)}; write it in quotes`]
  report(reading, { loc: below(loc, name, `${showKey(name)}.[key]`), at: 'key', code, message })
  return false
}

const WHITE_SPACE = /^\p{White_Space}+|\p{White_Space}+$/gu

/** Takes Unicode white space off both ends, as Felis's data model does (`String.trim` takes more and less). */
export function trim(value: string): string {
  const last = value.length - 1
  return isInk(value.charCodeAt(0)) && isInk(value.charCodeAt(last)) ? value : value.replaceAll(WHITE_SPACE, '')
}

function isInk(code: number): boolean {
  return code > 0x20 && code < 0x7f
}
