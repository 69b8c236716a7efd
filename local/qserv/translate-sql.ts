import { quote } from '../../shared/adql/names.ts'
import { boundSeparations } from './near-pairs.ts'

/** Names of tables and columns that a database has, by what they are in lower case. */
export type KnownNames = ReadonlyMap<string, string>

const TOKEN =
  /(?<space>\s+|\/\*[\s\S]*?\*\/)|(?<text>'(?:[^'\\]|\\[\s\S]|'')*')|(?<quoted>`(?:[^`]|``)+`)|(?<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(?<word>[A-Za-z_][A-Za-z0-9_$]*)|(?<other><>|<=|>=|!=|\|\||&&|[\s\S])/g

const KEYWORDS: ReadonlySet<string> = new Set(
  `select distinct from as where and or not in is null between like group by having order asc desc limit join inner cross
   on true false div case when then else end count sum avg min max`.split(/\s+/),
)

/**
 * SQL as Qserv takes it (MySQL's) for PostgreSQL. Names that stand without quotes are those that the database has,
 * whatever their case; a name before a parenthesis is a function.
 */
export function translateSql(sql: string, names: KnownNames): string {
  const out: string[] = []
  const tokens = [...sql.matchAll(TOKEN)]
  for (const [index, { groups = {}, 0: token }] of tokens.entries()) {
    if (groups.text !== undefined) out.push(textSql(groups.text))
    else if (groups.quoted !== undefined) out.push(nameSql(token.slice(1, -1).replaceAll('``', '`'), names))
    else if (groups.word === undefined) out.push(token === '!=' ? '<>' : token)
    else if (token.toLowerCase() === 'div') out.push('/')
    else if (KEYWORDS.has(token.toLowerCase()) && out.at(-1) !== '.') out.push(token)
    else if (tokens[index + 1]?.[0] === '(') out.push(token.toLowerCase())
    else out.push(nameSql(token, names))
  }
  return boundSeparations(out)
}

function nameSql(name: string, names: KnownNames): string {
  return quote(names.get(name.toLowerCase()) ?? name)
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', '0': '\0', Z: '\x1a' }

/** The backslash escapes in MySQL; in LIKE's patterns `\%` and `\_` keep it. */
function textSql(literal: string): string {
  const value = literal
    .slice(1, -1)
    .replaceAll("''", "'")
    .replaceAll(/\\([\s\S])/g, (both, letter: string) => ('%_'.includes(letter) ? both : (ESCAPES[letter] ?? letter)))
  return `'${value.replaceAll("'", "''")}'`
}
