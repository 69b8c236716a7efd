import type { YamlFloat } from '../../yaml/values.ts'

/** What schemas are made of. */
export type SchemaScalar = null | boolean | number | bigint | string | YamlFloat

/** A schema on its way to a file, its keys in the order in which they will stand there. */
export type SchemaValue = SchemaScalar | readonly SchemaValue[] | SchemaMap
export type SchemaMap = ReadonlyMap<string, SchemaValue>

/** Digits of any integer that a number holds. */
export function writeInteger(value: number | bigint): string {
  return BigInt(value).toString()
}

/** With a point, because YAML 1.1 takes `1e5` for text and `1` for an integer. */
export function writeFinite(value: number): string {
  const text = Object.is(value, -0) ? '-0.0' : String(value)
  if (text.includes('.')) return text
  return text.includes('e') ? text.replace('e', '.0e') : `${text}.0`
}

/** A scalar in a line of YAML 1.1. */
export function writeScalar(value: SchemaScalar): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return writeText(value)
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number' || typeof value === 'bigint') return writeInteger(value)
  if (Number.isNaN(value.value)) return '.nan'
  if (Number.isFinite(value.value)) return writeFinite(value.value)
  return value.value > 0 ? '.inf' : '-.inf'
}

/** Text that cannot be taken for anything else, without quotes. */
const PLAIN = /^[A-Za-z_](?:[\x21-\x7e]| (?!#))*$/
const ANOTHER = /^(?:y|n|yes|no|on|off|true|false|null)$/i
/** Line breaks of YAML 1.1, what may not stand in it as it is, and what would change how a line reads. */
const UNPRINTABLE =
  /[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]|[\u2028\u2029\p{Bidi_Control}]/gu

function writeText(text: string): string {
  if (PLAIN.test(text) && !ANOTHER.test(text) && !/:(?: |$)| $/.test(text)) return text
  if (text.search(UNPRINTABLE) === -1) return `'${text.replaceAll("'", "''")}'`
  return quote(text)
}

/** In double quotes, as both JSON and YAML 1.1 take it. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(UNPRINTABLE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

export function isSchemaMap(value: SchemaValue): value is SchemaMap {
  return value instanceof Map
}

export function isSchemaList(value: SchemaValue): value is readonly SchemaValue[] {
  return Array.isArray(value)
}
