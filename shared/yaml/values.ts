/**
 * What a YAML 1.1 document holds, as PyYAML's safe loader tells things apart. JavaScript's own types are used where
 * they say enough; an integer is a number (a bigint beyond 2^53), so a float needs a class of its own: `1` and `1.0`
 * are different things to Felis.
 */
export type YamlValue = YamlScalar | YamlPairs | readonly YamlValue[] | YamlMap

export type YamlScalar = null | boolean | number | bigint | string | YamlFloat | YamlTimestamp | YamlBinary

export type YamlKey = YamlScalar

/** Keys in document order; the keys of a set have the value null. */
export type YamlMap = ReadonlyMap<YamlKey, YamlValue>

export class YamlFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A date or a point in time; Felis has no use for one, so only its text is kept. */
export class YamlTimestamp {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export class YamlBinary {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** `!!set`, `!!omap` and `!!pairs`: collections that no part of Felis can be written as. */
export class YamlPairs {
  readonly tag: string

  constructor(tag: string) {
    this.tag = tag
  }
}

export function isYamlMap(value: YamlValue): value is YamlMap {
  return value instanceof Map
}

export function isYamlList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value)
}

/** The noun for a message: `expected text, found an integer (7)`. */
export function describeValue(value: YamlValue): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return `a boolean (${value})`
  if (typeof value === 'number' || typeof value === 'bigint') return `an integer (${abridge(String(value))})`
  if (typeof value === 'string') return `text ('${abridge(value)}')`
  if (value instanceof YamlFloat) return `a decimal number (${writeFloat(value.value)})`
  if (value instanceof YamlTimestamp) return `a date (${value.text})`
  if (value instanceof YamlBinary) return 'binary data'
  if (value instanceof YamlPairs) return `a !!${value.tag}`
  return isYamlList(value) ? 'a list' : 'a mapping'
}

/** Long input is cut in messages, on whole characters. */
export function abridge(text: string, most = 80): string {
  return text.length <= most ? text : `${text.slice(0, most - 3).replace(/[\ud800-\udbff]$/, '')}…`
}

/** A float as Python's `str` writes it, because Felis copies such text into arraysize: `3.0`, `1e+16`, `inf`. */
export function writeFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0.0'
  const exponent = value === 0 ? 0 : Number(value.toExponential().split('e')[1])
  if (exponent < -4 || exponent >= 16) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}
