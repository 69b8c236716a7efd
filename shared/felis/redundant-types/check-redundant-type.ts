import { baseTypes, type Dialect, dialectTypes, type TypeArgument } from './dialect-types.ts'

/** More digits than Python turns into a number. */
const MOST_DIGITS = 4300
const LONGEST_QUOTED = 200

/**
 * Why `mysql:datatype` or `postgresql:datatype` is wrong beside `datatype`: because it says the same thing (both come
 * to the same SQL text), or because it is not a type of that dialect. `null` for an override that changes something, for
 * an empty one, and for a datatype that is not Felis's (another check speaks of that).
 *
 * `length` is the column's own; an override whose type has a length and gives none takes it over.
 */
export function checkRedundantType(
  dialect: Dialect,
  override: string,
  datatype: string,
  length: number | null,
): { message: string } | null {
  if (override === '') return null
  const base = Object.hasOwn(baseTypes, datatype) ? baseTypes[datatype]?.[dialect] : undefined
  if (base === undefined) return null
  const columnLength = length === null || !Number.isSafeInteger(length) || length <= 0 ? null : length
  const { name, list } = splitType(override)
  if (name === '') return { message: `Invalid type string: ${clip(override)}` }
  const compile = dialectTypes[dialect].get(name.toUpperCase())
  if (compile === undefined) return { message: `Unsupported type: ${clip(name.toUpperCase())}` }
  const compiled = compile(readArguments(list), columnLength)
  if ('refused' in compiled) {
    return { message: `'${dialect}_datatype: ${clip(override)}' is not a type of ${dialect}: ${compiled.refused}` }
  }
  if (compiled.sql !== base.replace('({})', columnLength === null ? '' : `(${columnLength})`)) return null
  const suffix = columnLength === null ? '' : ` with length ${columnLength}`
  return {
    message: `'${dialect}_datatype: ${clip(override)}' is a redundant override of 'datatype: ${datatype}'${suffix}`,
  }
}

/**
 * The first word of an override, and what stands in parentheses directly behind it up to the last `)` of that line.
 * The rest is not looked at: `VARCHAR(5) CHARACTER SET utf8` is VARCHAR(5), `timestamp with time zone` TIMESTAMP.
 */
function splitType(override: string): { name: string; list: string } {
  const start = override.search(/[\p{L}\p{N}_]/u)
  if (start === -1) return { name: '', list: '' }
  const rest = override.slice(start)
  const length = rest.search(/[^\p{L}\p{N}_]/u)
  if (length === -1) return { name: rest, list: '' }
  const name = rest.slice(0, length)
  if (rest[length] !== '(') return { name, list: '' }
  const newline = rest.indexOf('\n', length)
  const line = newline === -1 ? rest : rest.slice(0, newline)
  const close = line.lastIndexOf(')')
  return { name, list: close > length ? line.slice(length + 1, close) : '' }
}

function readArguments(list: string): TypeArgument[] {
  if (list === '') return []
  const parts = list.split(',')
  return parts.map((part) => (/^[0-9]+$/.test(part) && part.length <= MOST_DIGITS ? BigInt(part) : part))
}

function clip(text: string): string {
  return text.length > LONGEST_QUOTED ? `${text.slice(0, LONGEST_QUOTED)}…` : text
}
