/** What we take beyond ADQL 2.1, because people and other services write it and it can mean one thing only. */
export interface Extension {
  /** As `Query.extensions` names it. */
  readonly name: string
  readonly what: string
  readonly example: string
}

export const EXTENSIONS: readonly Extension[] = [
  { name: 'semicolon', what: 'one semicolon at the end', example: 'SELECT ra FROM sky.star;' },
  { name: 'star-with-columns', what: '* beside other columns', example: 'SELECT *, mag - 5 AS m FROM sky.star' },
  {
    name: 'function-name-as-alias',
    what: 'AVG, COUNT, DISTANCE, MAX, MIN and SUM as aliases behind AS',
    example: 'SELECT COUNT(*) AS count FROM sky.star',
  },
  {
    name: 'expression-is-null',
    what: 'IS NULL of values other than columns',
    example: 'SELECT ra FROM sky.star WHERE ra + dec IS NULL',
  },
  { name: 'cross-join', what: 'CROSS JOIN', example: 'SELECT a.ra FROM sky.star AS a CROSS JOIN sky.star AS b' },
  {
    name: 'union-distinct',
    what: 'DISTINCT behind UNION, EXCEPT and INTERSECT',
    example: 'SELECT ra FROM sky.star UNION DISTINCT SELECT dec FROM sky.star',
  },
  { name: 'several-signs', what: 'several signs before a value', example: 'SELECT - -ra FROM sky.star' },
  {
    name: 'several-nots',
    what: 'several NOTs before a condition',
    example: 'SELECT ra FROM sky.star WHERE NOT NOT ra > 1',
  },
  {
    name: 'keyword-after-number',
    what: 'a keyword right behind a number, without a blank',
    example: 'SELECT ra FROM sky.star WHERE ra > 1AND dec > 2',
  },
  {
    name: 'joined-strings',
    what: 'texts in successive lines that are one text, as in ADQL 2.0',
    example: "SELECT ra FROM sky.star WHERE name = 'M'\n'31'",
  },
]
