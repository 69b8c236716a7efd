/**
 * `scisql_angSep(a, b, c, d) < 0.01`, and what stands before it: declinations that lie further apart are not near each other.
 * Qserv compares neighbours only; here every pair is, and the function takes a microsecond.
 *
 * @param tokens of PostgreSQL's SQL
 */
export function boundSeparations(tokens: readonly string[]): string {
  const out: string[] = []
  for (let at = 0; at < tokens.length; at++) {
    const found = tokens[at] === FUNCTION ? readSeparation(tokens, at) : undefined
    if (found === undefined) {
      out.push(tokens[at] ?? '')
      continue
    }
    const { values, comparison, limit, end } = found
    const [, dec1 = '', , dec2 = ''] = values.map(boundSeparations)
    const apart = `abs((${dec1}) - (${dec2}))`
    const exact = `${FUNCTION}(${values.map(boundSeparations).join(',')}) ${comparison} ${limit}`
    // NaN is above every number.
    out.push(`(case when ${apart} between ${limit} + 1e-9 and 180 then false else ${exact} end)`)
    at = end
  }
  return out.join('')
}

const FUNCTION = 'scisql_angsep'

interface Separation {
  /** Tokens of the arguments. */
  readonly values: readonly (readonly string[])[]
  readonly comparison: string
  readonly limit: string
  /** Its last token. */
  readonly end: number
}

const BEFORE: ReadonlySet<string> = new Set(['(', 'and', 'or', 'not', 'on', 'where', 'having', 'when'])

/** undefined: it is more than a comparison with a number that it is to be below. */
function readSeparation(tokens: readonly string[], start: number): Separation | undefined {
  const before = tokens.slice(0, start).findLast(isWord)
  if (tokens[start + 1] !== '(' || before === undefined || !BEFORE.has(before.toLowerCase())) return undefined
  const values: string[][] = [[]]
  let at = start + 2
  for (let depth = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? ''
    if (depth === 0 && token === ')') break
    if (depth === 0 && token === ',') values.push([])
    else values.at(-1)?.push(token)
    depth += token === '(' ? 1 : token === ')' ? -1 : 0
  }
  const rest = tokens
    .map((token, index) => ({ token, index }))
    .slice(at + 1, at + 8)
    .filter(({ token }) => isWord(token))
  const [comparison, limit, next] = rest
  if (values.length !== 4 || comparison === undefined || limit === undefined) return undefined
  if (next !== undefined && '+-*/%'.includes(next.token)) return undefined
  const isBelow = ['<', '<='].includes(comparison.token) && /^\d*\.?\d+(?:[eE][+-]?\d+)?$/.test(limit.token)
  return isBelow ? { values, comparison: comparison.token, limit: limit.token, end: limit.index } : undefined
}

function isWord(token: string): boolean {
  return token.trim() !== ''
}
