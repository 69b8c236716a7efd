/** A type of PostgreSQL in its parts: `varchar(7)[]` is varchar, [7], 1. */
interface ParsedType {
  readonly base: string
  readonly sizes: readonly number[]
  readonly dimensions: number
}

/** The spellings of a type, each by the one that is compared. */
const SPELLINGS: Readonly<Record<string, string>> = {
  'character varying': 'varchar',
  character: 'char',
  bpchar: 'char',
  int: 'integer',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float: 'double precision',
  float8: 'double precision',
  double_precision: 'double precision',
  bool: 'boolean',
  decimal: 'numeric',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
}

/** Digits of a second that a time has where nothing is said. */
const FULL_PRECISION = 6

/** A type in the spelling in which it is compared and shown: `character varying(7)` is `varchar(7)`. */
export function shortType(type: string): string {
  const { base, sizes, dimensions } = parseType(type)
  return `${base}${sizes.length === 0 ? '' : `(${sizes.join(',')})`}${'[]'.repeat(dimensions)}`
}

function parseType(type: string): ParsedType {
  const text = type.toLowerCase().replace(/\s+/g, ' ').trim()
  const dimensions = (text.match(/\[\d*\]/g) ?? []).length
  const [, inside = ''] = /\(([\d\s,-]*)\)/.exec(text) ?? []
  const name = text
    .replace(/\[\d*\]/g, '')
    .replace(/ ?\([\d\s,-]*\)/, '')
    .trim()
  const sizes = inside === '' ? [] : inside.split(',').map(Number)
  const base = SPELLINGS[name] ?? name
  return { base, sizes: base === 'char' && sizes.length === 0 ? [1] : sizes, dimensions }
}

/** For each type those that hold all of its values, exactly. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  smallint: ['integer', 'bigint', 'real', 'double precision', 'numeric'],
  integer: ['bigint', 'double precision', 'numeric'],
  bigint: ['numeric'],
  real: ['double precision'],
  char: ['varchar', 'text'],
  varchar: ['text'],
  date: ['timestamp'],
}

const TIMES = ['timestamp', 'timestamptz', 'time', 'timetz', 'interval']

/** Whether a column of one type can become one of the other with every value as it is, whatever rows there are. */
export function isWidening(from: string, to: string): boolean {
  const [before, after] = [parseType(from), parseType(to)]
  if (before.dimensions !== after.dimensions) return false
  if (before.base === 'text' && after.base === 'varchar') return after.sizes.length === 0
  if (before.base === after.base) return isRoomier(before, after)
  if (WIDER[before.base]?.includes(after.base) !== true) return false
  // A text needs its length, a number any digits.
  return after.sizes.length === 0 || (isText(before) && isText(after) && isRoomier(before, after))
}

function isText({ base }: ParsedType): boolean {
  return base === 'char' || base === 'varchar'
}

function isRoomier(before: ParsedType, after: ParsedType): boolean {
  if (before.base === 'numeric') return isRoomierNumeric(before, after)
  if (TIMES.includes(before.base)) {
    return (after.sizes[0] ?? FULL_PRECISION) >= (before.sizes[0] ?? FULL_PRECISION)
  }
  const [most] = after.sizes
  if (most === undefined) return true
  const [least] = before.sizes
  return least !== undefined && most >= least
}

function isRoomierNumeric({ sizes: [digits, scale = 0] }: ParsedType, { sizes }: ParsedType): boolean {
  const [newDigits, newScale = 0] = sizes
  if (newDigits === undefined) return true
  return digits !== undefined && newScale >= scale && newDigits - newScale >= digits - scale
}
