import { nearMiss } from '../../near-miss.ts'
import { ADQL_RESERVED_WORDS } from '../../reserved-words.ts'
import {
  BIGINT,
  CIRCLE,
  DOUBLE,
  INTEGER,
  POINT,
  POLYGON,
  REAL,
  SHORT,
  TEXT,
  TIMESTAMP,
  type ValueType,
} from '../value-type.ts'
import type { FunctionRow } from './row.ts'
import { FUNCTIONS } from './table.ts'

const PARAMETER_TYPES = [
  'DOUBLE',
  'REAL',
  'INTEGER',
  'BIGINT',
  'TEXT',
  'TIMESTAMP',
  'POINT',
  'CIRCLE',
  'POLYGON',
] as const

/** The type of a result, and PostgreSQL's name of it, to which the SQL is cast: it may be of another kind of number. */
const RESULTS = {
  DOUBLE: [DOUBLE, 'float8'],
  REAL: [REAL, 'real'],
  SMALLINT: [SHORT, 'smallint'],
  INTEGER: [INTEGER, 'integer'],
  BIGINT: [BIGINT, 'bigint'],
  TEXT: [TEXT, 'text'],
  TIMESTAMP: [TIMESTAMP, 'timestamp'],
  POINT: [POINT, 'float8[]'],
  CIRCLE: [CIRCLE, 'float8[]'],
  POLYGON: [POLYGON, 'float8[]'],
} as const satisfies Readonly<Record<string, readonly [ValueType, string]>>

type ResultType = keyof typeof RESULTS
const RESULT_TYPES = Object.keys(RESULTS) as ResultType[]

/** What a signature declares: `airmass(alt DOUBLE) -> DOUBLE`. */
export interface SiteSignature {
  readonly name: string
  readonly parameters: readonly { readonly name: string; readonly type: (typeof PARAMETER_TYPES)[number] }[]
  readonly returns: ResultType
}

/** A function that a site adds to its ADQL (user defined function, ADQL 2.1 §2.8), as the environment describes it. */
export interface SiteFunction extends SiteSignature {
  readonly description: string
  /** One expression of PostgreSQL; `$1` stands for the first argument. Points, circles and polygons are float8[] in degrees. */
  readonly sql: string
}

/** What `SiteFunction` says of its types, for documentation. */
export const SITE_TYPES: string = `Parameters are of ${PARAMETER_TYPES.join(', ')}; a result may also be of SMALLINT.`

const SIGNATURE = /^([A-Za-z][A-Za-z0-9_]*)\s*\(([^()]*)\)\s*->\s*(.+)$/
const PARAMETER = /^([A-Za-z][A-Za-z0-9_]*)\s+(\S.*)$/

/** What the text declares, or why it declares nothing, as the end of a sentence. */
export function parseSiteSignature(text: string): SiteSignature | { readonly complaint: string } {
  const [, name = '', list = '', result = ''] = SIGNATURE.exec(text.trim()) ?? []
  if (name === '') return { complaint: 'is not a signature: expected name(a DOUBLE, b DOUBLE) -> DOUBLE' }
  const complaint = complaintAboutName(name)
  if (complaint !== undefined) return { complaint: `is not a signature: ${complaint}` }
  const returns = RESULT_TYPES.find((type) => type === result.trim().toUpperCase())
  if (returns === undefined) return { complaint: complaintAboutType(result.trim(), RESULT_TYPES) }
  const parameters: SiteSignature['parameters'][number][] = []
  for (const item of list.trim() === '' ? [] : list.split(',')) {
    const [, parameter = '', type = ''] = PARAMETER.exec(item.trim()) ?? []
    if (parameter === '') {
      return { complaint: `has a parameter ${JSON.stringify(item.trim())}: expected its name and type` }
    }
    const known = PARAMETER_TYPES.find((candidate) => candidate === type.toUpperCase())
    if (known === undefined) return { complaint: complaintAboutType(type, PARAMETER_TYPES) }
    if (parameters.some((other) => other.name.toLowerCase() === parameter.toLowerCase())) {
      return { complaint: `has two parameters ${parameter}` }
    }
    parameters.push({ name: parameter, type: known })
  }
  return { name, parameters, returns }
}

/** The parser knows the functions of the grammar by their names, of which not all are reserved. */
function complaintAboutName(name: string): string | undefined {
  const upper = name.toUpperCase()
  if (ADQL_RESERVED_WORDS.has(upper)) return `${name} is a reserved word of ADQL`
  const inGrammar = FUNCTIONS.some((row) => row.group !== 'udf' && row.name === upper)
  return inGrammar ? `${name} is a function of ADQL itself` : undefined
}

function complaintAboutType(type: string, types: readonly string[]): string {
  const meant = nearMiss(type.toUpperCase(), types)
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
  return `has a type ${JSON.stringify(type)}: must be one of ${types.join(', ')}${hint}`
}

/**
 * Literals and names in quotes, in which nothing is filled in; arguments; what may not be in one expression. Names of a
 * subquery could hide those of the arguments.
 */
const SQL_TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)|(['"();]|--|\/\*|\$\w*\$|\bselect\b)/gi

/** What is wrong with the SQL by itself, as the end of a sentence. */
export function complaintAboutSiteSql(sql: string): string | null {
  if (sql.trim() === '') return 'is empty'
  let open = 0
  for (const { 2: found } of sql.matchAll(SQL_TOKENS)) {
    if (found === undefined) continue
    if (found === '(') open += 1
    else if (found === ')') open -= 1
    else if (found === "'" || found === '"') return `has a ${found} that is not closed`
    else if (found.toLowerCase() === 'select') return `has ${found}: make a function of the database of the query`
    else return `has ${found}: it must be one expression, without comments`
    if (open < 0) return 'has a ")" without its "("'
  }
  return open === 0 ? null : 'has a "(" that is not closed'
}

/** What is wrong with the SQL beside its signature, as the end of a sentence. */
export function complaintAboutArguments(sql: string, { name, parameters }: SiteSignature): string | null {
  const numbers = Array.from(sql.matchAll(SQL_TOKENS), (token) => Number(token[1]))
  const used = new Set(numbers.filter((number) => !Number.isNaN(number)))
  const unknown = [...used].find((number) => number < 1 || number > parameters.length)
  if (unknown !== undefined) {
    return `has $${unknown}, but ${name} has ${parameters.length === 1 ? 'one parameter' : `${parameters.length} parameters`}`
  }
  const unused = parameters.findIndex((_, index) => !used.has(index + 1))
  return unused === -1 ? null : `does not use $${unused + 1}, the parameter ${parameters[unused]?.name}`
}

/**
 * Rows of the table of functions. Arguments are put into the SQL in parentheses, all at once and never within its
 * literals, so that nothing of an argument is read as SQL of another kind.
 *
 * @throws RangeError where a definition is wrong, which the environment should have said
 */
export function siteFunctions(definitions: readonly SiteFunction[]): FunctionRow[] {
  return definitions.map((definition) => {
    const { name, parameters, returns, description, sql } = definition
    const complaint = complaintAboutName(name) ?? complaintAboutSiteSql(sql) ?? complaintAboutArguments(sql, definition)
    if (complaint !== null && complaint !== undefined) throw new RangeError(`the function ${name}: ${complaint}`)
    const [result, type] = RESULTS[returns]
    return {
      name,
      group: 'udf',
      signatures: [{ parameters, returns, result }],
      meaning: description,
      sql: {
        postgresql: (...values) => `(${fillArguments(sql, values)})::${type}`,
        qserv: { refused: 'It is a function of the PostgreSQL database.' },
      },
    }
  })
}

function fillArguments(sql: string, values: readonly string[]): string {
  return sql.replace(SQL_TOKENS, (token, number: string | undefined) => {
    const value = number === undefined ? undefined : values[Number(number) - 1]
    return value === undefined ? token : `(${value})`
  })
}
