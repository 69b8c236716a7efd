import fc from 'fast-check'
import { FUNCTIONS } from '../../shared/adql/functions/table.ts'
import type {
  Condition,
  Expression,
  Name,
  QualifiedName,
  Query,
  QueryBody,
  QueryExpression,
  Select,
  TableReference,
} from '../../shared/adql/syntax.ts'

/** The tree without its spans, and with words in one case: what a text means to the grammar. */
export function withoutSpans(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutSpans)
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).filter(([key]) => !['span', 'operatorSpan', 'extensions'].includes(key))
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutSpans(value)]))
}

const span = { start: 0, end: 0 }

const regularName = fc.constantFrom('a', 'b', 'ra', 'star_id', 'Mag', 'limit', 'x1')
const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 })

const name: fc.Arbitrary<Name> = fc.oneof(
  regularName.map((text) => ({ text, quoted: false, span })),
  anyText.map((text) => ({ text, quoted: true, span })),
)

function path(maxLength: number): fc.Arbitrary<QualifiedName> {
  return fc.array(name, { minLength: 1, maxLength }).map((parts) => ({ parts, span }))
}

const alias = fc.option(name, { nil: undefined })
const wholeNumber = fc.bigInt({ min: 0n, max: 9_223_372_036_854_775_807n }).map((value) => ({ value, span }))

/** Without those whose digits must be integers. */
const mathematical = FUNCTIONS.filter(({ group }) => group === 'mathematical' || group === 'trigonometrical').filter(
  ({ signatures }) => !signatures.some(({ parameters }) => parameters.some(({ type }) => type === 'INTEGER')),
)

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  path(4).map((path): Expression => ({ kind: 'column', name: path, span })),
  fc.nat().map((value): Expression => ({ kind: 'number', text: String(value), integer: true, span })),
  fc
    .constantFrom('.5', '1.', '1e-3', '2.5E+10')
    .map((text): Expression => ({ kind: 'number', text, integer: false, span })),
  fc.string({ unit: 'grapheme', maxLength: 6 }).map((value): Expression => ({ kind: 'string', value, span })),
  fc.constant<Expression>({ kind: 'null', span }),
)

function callOf(text: string, values: readonly Expression[], distinct = false, star = false): Expression {
  return {
    kind: 'call',
    name: { text, quoted: false, span },
    coordinateSystem: undefined,
    arguments: values,
    distinct,
    star,
    span,
  }
}

const { value } = fc.letrec<{ value: Expression }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/', '||'), tie('value'), tie('value'))
      .map(
        ([operator, left, right]): Expression => ({ kind: 'binary', operator, operatorSpan: span, left, right, span }),
      ),
    fc
      .tuple(fc.constantFrom('+', '-'), tie('value'))
      .map(([sign, operand]): Expression => ({ kind: 'signed', sign, operand, span })),
    fc
      .tuple(fc.constantFrom(...mathematical), tie('value'), tie('value'))
      .map(([row, a, b]) => callOf(row.name, [a, b].slice(0, row.signatures[0]?.parameters.length))),
    fc
      .tuple(fc.constantFrom('SUM', 'MAX', 'COUNT'), tie('value'), fc.boolean())
      .map(([text, operand, distinct]) => callOf(text, [operand], distinct)),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => callOf('my_udf', values)),
    fc.constant(callOf('COUNT', [], false, true)),
    fc
      .tuple(
        fc.constantFrom('IF_THEN_ELSE', 'CASE_CONDITION'),
        fc.array(fc.tuple(tie('value'), tie('value'), tie('value')), { minLength: 1, maxLength: 3 }),
        tie('value'),
      )
      .map(([text, parts, otherwise]): Expression => {
        const branches = parts.map(([left, right, value]) => ({
          condition: { kind: 'comparison', operator: '<', left, right, span } as const,
          value,
        }))
        const taken = text === 'IF_THEN_ELSE' ? branches.slice(0, 1) : branches
        return { kind: 'choice', name: { text, quoted: false, span }, branches: taken, otherwise, span }
      }),
    fc
      .tuple(tie('value'), fc.constantFrom('INTEGER', 'DOUBLE PRECISION', 'TIMESTAMP', 'POINT'))
      .map(([operand, target]): Expression => ({ kind: 'cast', operand, target, length: undefined, span })),
    fc
      .tuple(tie('value'), fc.option(wholeNumber, { nil: undefined }))
      .map(([operand, length]): Expression => ({ kind: 'cast', operand, target: 'VARCHAR', length, span })),
  ),
}))

interface Trees {
  readonly condition: Condition
  readonly reference: TableReference
  readonly body: QueryBody
  readonly expression: QueryExpression
  readonly select: Select
}

const depth = fc.createDepthIdentifier()

const { expression } = fc.letrec<Trees>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthIdentifier: depth },
    fc
      .tuple(fc.constantFrom('=', '<>', '<', '<=', '>', '>='), value, value)
      .map(([operator, left, right]): Condition => ({ kind: 'comparison', operator, left, right, span })),
    fc
      .tuple(fc.boolean(), value, value, value)
      .map(([negated, operand, low, high]): Condition => ({ kind: 'between', negated, operand, low, high, span })),
    fc
      .tuple(fc.boolean(), value, fc.array(value, { minLength: 1, maxLength: 3 }))
      .map(([negated, operand, values]): Condition => ({ kind: 'in-list', negated, operand, values, span })),
    fc.tuple(fc.boolean(), fc.boolean(), value, value).map(
      ([negated, caseless, operand, pattern]): Condition => ({
        kind: 'like',
        negated,
        caseless,
        operand,
        pattern,
        span,
      }),
    ),
    fc.tuple(fc.boolean(), value).map(([negated, operand]): Condition => ({ kind: 'is-null', negated, operand, span })),
    (tie('expression') as fc.Arbitrary<QueryExpression>).map((query): Condition => ({ kind: 'exists', query, span })),
    fc
      .tuple(fc.boolean(), value, tie('expression') as fc.Arbitrary<QueryExpression>)
      .map(([negated, operand, query]): Condition => ({ kind: 'in-query', negated, operand, query, span })),
    (tie('condition') as fc.Arbitrary<Condition>).map((operand): Condition => ({ kind: 'not', operand, span })),
    fc
      .tuple(
        fc.constantFrom('and', 'or'),
        fc.array(tie('condition') as fc.Arbitrary<Condition>, { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, operands]): Condition => {
        const flat = operands.flatMap((operand) => (operand.kind === kind ? operand.operands : [operand]))
        return { kind, operands: flat, span }
      }),
  ),
  reference: fc.oneof(
    { maxDepth: 3, depthIdentifier: depth },
    fc.tuple(path(3), alias).map(([path, alias]): TableReference => ({ kind: 'table', name: path, alias, span })),
    fc
      .tuple(tie('expression') as fc.Arbitrary<QueryExpression>, name)
      .map(([query, alias]): TableReference => ({ kind: 'derived', query, alias, span })),
    fc
      .tuple(
        fc.constantFrom('inner', 'left', 'right', 'full'),
        tie('reference') as fc.Arbitrary<TableReference>,
        tie('reference') as fc.Arbitrary<TableReference>,
        fc.oneof(
          fc.constant({ natural: true, on: undefined, using: [] }),
          fc.constant({ natural: false, on: undefined, using: [] }),
          (tie('condition') as fc.Arbitrary<Condition>).map((on) => ({ natural: false, on, using: [] })),
          fc.array(name, { minLength: 1, maxLength: 2 }).map((using) => ({ natural: false, on: undefined, using })),
        ),
      )
      .map(
        ([type, left, right, condition]): TableReference => ({ kind: 'join', type, left, right, ...condition, span }),
      ),
  ),
  select: fc
    .record({
      distinct: fc.boolean(),
      top: fc.option(wholeNumber, { nil: undefined }),
      items: fc.array(
        fc.oneof(
          fc.constant({ kind: 'all', span } as const),
          path(3).map((table) => ({ kind: 'all-of', table, span }) as const),
          fc
            .tuple(value, alias)
            .map(([expression, alias]) => ({ kind: 'expression', expression, alias, span }) as const),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      from: fc.array(tie('reference') as fc.Arbitrary<TableReference>, { minLength: 1, maxLength: 2 }),
      where: fc.option(tie('condition') as fc.Arbitrary<Condition>, { nil: undefined }),
      groupBy: fc.array(value, { maxLength: 2 }),
      having: fc.option(tie('condition') as fc.Arbitrary<Condition>, { nil: undefined }),
    })
    .map((parts): Select => ({ kind: 'select', ...parts, span })),
  body: fc.oneof(
    { maxDepth: 3, depthIdentifier: depth },
    tie('select') as fc.Arbitrary<Select>,
    (tie('expression') as fc.Arbitrary<QueryExpression>).map((query): QueryBody => ({ kind: 'nested', query, span })),
    fc
      .tuple(
        fc.constantFrom('UNION', 'EXCEPT', 'INTERSECT'),
        fc.boolean(),
        tie('select') as fc.Arbitrary<Select>,
        tie('select') as fc.Arbitrary<Select>,
      )
      .map(([operator, all, left, right]): QueryBody => ({ kind: 'set-operation', operator, all, left, right, span })),
  ),
  expression: fc.record({
    body: tie('body') as fc.Arbitrary<QueryBody>,
    orderBy: fc.array(
      fc.record({
        by: fc.oneof(
          fc.bigInt({ min: 1n, max: 99n }).map((value) => ({ kind: 'position', position: { value, span } }) as const),
          value.map((expression) => ({ kind: 'expression', expression }) as const),
        ),
        descending: fc.boolean(),
        span: fc.constant(span),
      }),
      { maxLength: 2 },
    ),
    offset: fc.option(wholeNumber, { nil: undefined }),
    span: fc.constant(span),
  }),
}))

/** Any query of the grammar, geometry left out (its arguments have forms of their own). */
export const anyQuery: fc.Arbitrary<Query> = fc
  .tuple(fc.array(fc.tuple(name, expression), { maxLength: 1 }), expression)
  .map(([common, body]) => ({
    kind: 'query',
    with: common.map(([name, query]) => ({ name, query, span })),
    body,
    extensions: [],
    span,
  }))
