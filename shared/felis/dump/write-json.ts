import { YamlFloat } from '../../yaml/values.ts'
import {
  isSchemaList,
  isSchemaMap,
  quote,
  type SchemaMap,
  type SchemaScalar,
  type SchemaValue,
  writeFinite,
  writeInteger,
} from './write-scalar.ts'

/** A mapping as a JSON document, in which numbers with decimals stay apart from integers: `1.0` is not 1 to Felis. */
export function writeJson(document: SchemaMap): string {
  return `${write(document, '\n')}\n`
}

function write(value: SchemaValue, newline: string): string {
  const inner = `${newline}  `
  if (isSchemaMap(value)) {
    const entries = [...value].map(([key, item]) => `${quote(key)}: ${write(item, inner)}`)
    return entries.length === 0 ? '{}' : `{${inner}${entries.join(`,${inner}`)}${newline}}`
  }
  if (isSchemaList(value)) {
    const items = value.map((item) => write(item, inner))
    return items.length === 0 ? '[]' : `[${inner}${items.join(`,${inner}`)}${newline}]`
  }
  return writeScalar(value)
}

function writeScalar(value: SchemaScalar): string {
  if (typeof value === 'number' || typeof value === 'bigint') return writeInteger(value)
  if (value instanceof YamlFloat) return writeFloat(value.value)
  return typeof value === 'string' ? quote(value) : String(value)
}

/** JSON has no word for infinity, but numbers that overflow to it; it has nothing for NaN. */
function writeFloat(value: number): string {
  if (Number.isNaN(value)) return 'null'
  return Number.isFinite(value) ? writeFinite(value) : `${value < 0 ? '-' : ''}1.0e+999`
}
