import { YamlBinary, YamlFloat, type YamlScalar, YamlTimestamp } from './values.ts'

/** What resolving gives for text that has the look of a type but no value of it: `2024-13-01`. */
export class Unresolvable {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

interface ScalarType {
  /** Tag without `tag:yaml.org,2002:`. */
  readonly tag: string
  /** First characters of plain text that may be of this type; '' stands for no text. null: never implicit. */
  readonly first: string | null
  readonly pattern: RegExp
  readonly construct: (text: string) => YamlScalar | Unresolvable
}

const INT =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const TIMESTAMP =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/
const TIMESTAMP_PARTS =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.\d*)?(?:[ \t]*(?:Z|[-+](\d\d?)(?::(\d\d))?))?)?$/

/** The implicit types of YAML 1.1 in the order in which PyYAML's resolver tries them. */
const SCALAR_TYPES: readonly ScalarType[] = [
  {
    tag: 'bool',
    first: 'yYnNtTfFoO',
    pattern: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
    construct: constructBoolean,
  },
  { tag: 'float', first: '-+0123456789.', pattern: FLOAT, construct: constructFloat },
  { tag: 'int', first: '-+0123456789', pattern: INT, construct: constructInteger },
  { tag: 'null', first: '~nN', pattern: /^(?:~|null|Null|NULL|)$/, construct: () => null },
  { tag: 'timestamp', first: '0123456789', pattern: TIMESTAMP, construct: constructTimestamp },
  {
    tag: 'value',
    first: '=',
    pattern: /^=$/,
    construct: () => new Unresolvable("a plain '=' has a meaning of its own in YAML 1.1; write it in quotes"),
  },
  { tag: 'str', first: null, pattern: /^/, construct: (text) => text },
  { tag: 'binary', first: null, pattern: /^/, construct: constructBinary },
]

const BY_FIRST_CHARACTER = new Map<string, readonly ScalarType[]>()
for (const type of SCALAR_TYPES) {
  for (const character of type.first ?? '') {
    BY_FIRST_CHARACTER.set(character, [...(BY_FIRST_CHARACTER.get(character) ?? []), type])
  }
}

/** A plain scalar by YAML 1.1's implicit types. The merge key `<<` and the value key `=` are the caller's business. */
export function resolvePlain(text: string): YamlScalar | Unresolvable {
  if (text === '') return null
  const types = BY_FIRST_CHARACTER.get(text.charAt(0))
  if (types === undefined) return text
  for (const type of types) {
    if (type.pattern.test(text)) return type.construct(text)
  }
  return text
}

/** A scalar with an explicit tag; undefined: no such scalar tag. PyYAML constructs without looking at the pattern. */
export function resolveTagged(tag: string, text: string): YamlScalar | Unresolvable | undefined {
  const type = SCALAR_TYPES.find((candidate) => candidate.tag === tag)
  if (type === undefined) return undefined
  if (type.tag === 'null') return null
  return type.construct(text)
}

function constructBoolean(text: string): boolean | Unresolvable {
  const word = text.toLowerCase()
  if (word === 'yes' || word === 'true' || word === 'on') return true
  if (word === 'no' || word === 'false' || word === 'off') return false
  return new Unresolvable('is not a boolean')
}

/** Python refuses to read longer decimal integers; no number in Felis comes near. */
const LONGEST_INTEGER = 4300

function constructInteger(source: string): number | bigint | Unresolvable {
  if (/^[1-9]\d{0,14}$/.test(source)) return Number(source)
  const text = source.replaceAll('_', '').trim()
  const negative = text.startsWith('-')
  const digits = text.replace(/^[-+]/, '')
  if (digits.length > LONGEST_INTEGER) return new Unresolvable(`is an integer of ${digits.length} digits`)
  const magnitude = readMagnitude(digits)
  if (magnitude === undefined) return new Unresolvable('is not an integer')
  const value = negative ? -magnitude : magnitude
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function readMagnitude(digits: string): bigint | undefined {
  if (/^0b[01]+$/.test(digits) || /^0x[0-9a-fA-F]+$/.test(digits)) return BigInt(digits)
  if (/^0[0-7]*$/.test(digits)) return BigInt(`0o${digits}`)
  if (/^[1-9]\d*$/.test(digits)) return BigInt(digits)
  if (!/^[1-9]\d*(?::\d+)+$/.test(digits)) return undefined
  return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n)
}

function constructFloat(source: string): YamlFloat | Unresolvable {
  const text = source.replaceAll('_', '').toLowerCase().trim()
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[-+]/, '')
  if (/^(?:\.inf|inf|infinity)$/.test(digits)) return new YamlFloat(sign * Number.POSITIVE_INFINITY)
  if (digits === '.nan' || digits === 'nan') return new YamlFloat(Number.NaN)
  const parts = digits.split(':')
  if (!parts.every((part) => /^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(part))) {
    return new Unresolvable('is not a decimal number')
  }
  return new YamlFloat(sign * parts.reduce((sum, part) => sum * 60 + Number(part), 0))
}

function constructTimestamp(text: string): YamlTimestamp | Unresolvable {
  const parts = TIMESTAMP_PARTS.exec(text)
  if (parts === null) return new Unresolvable('is not a date')
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0))
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
  const exists = year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= lastDay
  if (!exists || hour > 23 || minute > 59 || second > 59 || offset > 23) {
    return new Unresolvable('looks like a date but there is no such date; write it in quotes if it is text')
  }
  return new YamlTimestamp(text)
}

function constructBinary(text: string): YamlBinary | Unresolvable {
  const base64 = text.replaceAll(/[^A-Za-z0-9+/=]/g, '')
  return base64.length % 4 === 0
    ? new YamlBinary(Buffer.from(base64, 'base64'))
    : new Unresolvable('is not base64 data')
}
