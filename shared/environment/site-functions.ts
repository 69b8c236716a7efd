import { nearMiss } from '../near-miss.ts'
import { ADQL_RESERVED_WORDS } from '../reserved-words.ts'
import { required, sectionAs } from './sections.ts'
import { type Shape, text } from './shapes.ts'

const PARAMETER_TYPES = ['DOUBLE', 'REAL', 'INTEGER', 'BIGINT', 'TEXT', 'TIMESTAMP'] as const
const RESULT_TYPES = ['DOUBLE', 'REAL', 'SMALLINT', 'INTEGER', 'BIGINT', 'TEXT', 'TIMESTAMP'] as const

/** A function that a site adds to its ADQL (user defined function, ADQL 2.1 §2.8). */
export interface SiteFunction {
  readonly name: string
  readonly parameters: readonly { readonly name: string; readonly type: (typeof PARAMETER_TYPES)[number] }[]
  readonly returns: (typeof RESULT_TYPES)[number]
  readonly description: string
  /** `$1` stands for the SQL of the first argument; fill it in with `fillArguments`. */
  readonly sql: string
}

type Signature = Pick<SiteFunction, 'name' | 'parameters' | 'returns'>

const SIGNATURE = /^([A-Za-z][A-Za-z0-9_]*)\s*\(([^()]*)\)\s*->\s*(.+)$/
const PARAMETER = /^([A-Za-z][A-Za-z0-9_]*)\s+(\S.*)$/

/** What the text declares, or why it declares nothing. */
function parseSignature(text: string): Signature | { readonly complaint: string } {
  const [, name = '', list = '', result = ''] = SIGNATURE.exec(text.trim()) ?? []
  if (name === '') return { complaint: 'is not a signature: expected name(a DOUBLE, b DOUBLE) -> DOUBLE' }
  if (ADQL_RESERVED_WORDS.has(name.toUpperCase())) {
    return { complaint: `is not a signature: ${name} is a reserved word of ADQL` }
  }
  const returns = RESULT_TYPES.find((type) => type === result.trim().toUpperCase())
  if (returns === undefined) return { complaint: complaintAboutType(result.trim(), RESULT_TYPES) }
  const parameters: SiteFunction['parameters'][number][] = []
  for (const item of list.trim() === '' ? [] : list.split(',')) {
    const [, parameter = '', type = ''] = PARAMETER.exec(item.trim()) ?? []
    if (parameter === '')
      return { complaint: `has a parameter ${JSON.stringify(item.trim())}: expected its name and type` }
    const known = PARAMETER_TYPES.find((candidate) => candidate === type.toUpperCase())
    if (known === undefined) return { complaint: complaintAboutType(type, PARAMETER_TYPES) }
    parameters.push({ name: parameter, type: known })
  }
  return { name, parameters, returns }
}

function complaintAboutType(type: string, types: readonly string[]): string {
  const meant = nearMiss(type.toUpperCase(), types)
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
  return `has a type ${JSON.stringify(type)}: must be one of ${types.join(', ')}${hint}`
}

/** Literals and names in quotes, in which nothing is filled in; arguments; what may not be in one expression. */
const SQL_TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)|(['"();]|--|\/\*|\$\w*\$)/g

/** The SQL with the arguments' SQL in the place of `$1`, `$2`. Each must be able to stand as an operand as it is. */
export function fillArguments(sql: string, values: readonly string[]): string {
  return sql.replace(SQL_TOKENS, (token, number: string | undefined) =>
    number === undefined ? token : (values[Number(number) - 1] ?? token),
  )
}

function complaintAboutSql(sql: string): string | null {
  if (sql.trim() === '') return 'is empty'
  let open = 0
  for (const { 2: found } of sql.matchAll(SQL_TOKENS)) {
    if (found === undefined) continue
    if (found === '(') open += 1
    else if (found === ')') open -= 1
    else if (found === "'" || found === '"') return `has a ${found} that is not closed`
    else return `has ${found}: it must be one expression, without comments`
    if (open < 0) return 'has a ")" without its "("'
  }
  return open === 0 ? null : 'has a "(" that is not closed'
}

/** `name(a DOUBLE, b DOUBLE) -> DOUBLE`. */
const signature: Shape<Signature> = {
  type: 'text',
  read: (node, path, report) => {
    const written = text((found) => {
      const parsed = parseSignature(found)
      return 'complaint' in parsed ? parsed.complaint : null
    }).read(node, path, report)
    const parsed = written === undefined ? undefined : parseSignature(written)
    return parsed === undefined || 'complaint' in parsed ? undefined : parsed
  },
}

/** A text of several lines. */
export function complaintAboutProse(text: string): string | null {
  if (text.trim() === '') return 'is empty'
  return /[^\P{Cc}\n\t\r]/u.test(text) ? 'has a control character' : null
}

export const SITE_FUNCTION: Shape<SiteFunction> = sectionAs(
  {
    signature: required(
      signature,
      `\`name(a DOUBLE, b DOUBLE) -> DOUBLE\`. Parameters are of ${PARAMETER_TYPES.join(', ')}; a result may also be of SMALLINT.`,
    ),
    description: required(text(complaintAboutProse), 'What it gives, for the capabilities document.'),
    sql: required(
      text(complaintAboutSql),
      'One SQL expression for it, with `$1`, `$2` in the place of its arguments: `site.airmass($1, $2)`.',
    ),
  },
  (found, report) => {
    const given = found.whole()
    if (given === undefined) return undefined
    const { signature, description, sql } = given
    const count = signature.parameters.length
    const used = new Set(
      Array.from(sql.matchAll(SQL_TOKENS), (token) => Number(token[1])).filter((n) => !Number.isNaN(n)),
    )
    const unknown = [...used].find((number) => number < 1 || number > count)
    const unused = signature.parameters.find((_, index) => !used.has(index + 1))
    if (unknown !== undefined) {
      const message = `has $${unknown}, but ${signature.name} has ${count === 1 ? 'one parameter' : `${count} parameters`}`
      report.error('invalid_value', found.placeOf('sql'), message)
    } else if (unused !== undefined) {
      const message = `does not use $${signature.parameters.indexOf(unused) + 1}, the parameter ${unused.name}`
      report.error('invalid_value', found.placeOf('sql'), message)
    }
    return { ...signature, description, sql }
  },
)
