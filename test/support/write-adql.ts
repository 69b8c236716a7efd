import { quote } from '../../shared/adql/names.ts'
import type {
  BinaryOperation,
  Call,
  Choice,
  Condition,
  Expression,
  Join,
  Name,
  QualifiedName,
  Query,
  QueryBody,
  QueryExpression,
  Select,
  SelectItem,
  SortKey,
  TableReference,
} from '../../shared/adql/syntax.ts'

/**
 * ADQL of a syntax tree, in one line: parsing it gives the same tree but for the spans. Parentheses stand where the tree
 * needs them, names in quotes where they were.
 */
export function writeQuery({ with: common, body }: Query): string {
  const tables = common.map(({ name, query }) => `${writeName(name)} AS (${writeExpression(query)})`)
  return `${tables.length === 0 ? '' : `WITH ${tables.join(', ')} `}${writeExpression(body)}`
}

function writeExpression({ body, orderBy, offset }: QueryExpression): string {
  const order = orderBy.length === 0 ? '' : ` ORDER BY ${orderBy.map(writeSortKey).join(', ')}`
  return `${writeBody(body)}${order}${offset === undefined ? '' : ` OFFSET ${offset.value}`}`
}

function writeBody(body: QueryBody): string {
  if (body.kind === 'select') return writeSelect(body)
  if (body.kind === 'nested') return `(${writeExpression(body.query)})`
  return `${writeBody(body.left)} ${body.operator}${body.all ? ' ALL' : ''} ${writeBody(body.right)}`
}

function writeSelect({ distinct, top, items, from, where, groupBy, having }: Select): string {
  return [
    'SELECT',
    distinct ? ' DISTINCT' : '',
    top === undefined ? '' : ` TOP ${top.value}`,
    ` ${items.map(writeItem).join(', ')}`,
    ` FROM ${from.map(writeReference).join(', ')}`,
    where === undefined ? '' : ` WHERE ${writeCondition(where)}`,
    groupBy.length === 0 ? '' : ` GROUP BY ${groupBy.map((value) => writeValue(value)).join(', ')}`,
    having === undefined ? '' : ` HAVING ${writeCondition(having)}`,
  ].join('')
}

function writeItem(item: SelectItem): string {
  if (item.kind === 'all') return '*'
  if (item.kind === 'all-of') return `${writePath(item.table)}.*`
  return writeValue(item.expression) + writeAlias(item.alias)
}

function writeSortKey({ by, descending }: SortKey): string {
  const key = by.kind === 'position' ? String(by.position.value) : writeSortValue(by.expression)
  return `${key}${descending ? ' DESC' : ''}`
}

/** An integer by itself would be a position. */
function writeSortValue(value: Expression): string {
  return value.kind === 'number' ? `(${value.text})` : writeValue(value)
}

function writeReference(reference: TableReference): string {
  if (reference.kind === 'table') return writePath(reference.name) + writeAlias(reference.alias)
  if (reference.kind === 'derived') return `(${writeExpression(reference.query)})${writeAlias(reference.alias)}`
  return writeJoin(reference)
}

const JOINS = { inner: 'JOIN', left: 'LEFT JOIN', right: 'RIGHT JOIN', full: 'FULL JOIN' } as const

/** Joins are read from the left; one on the right stands in parentheses, and so does one whose condition might stray. */
function writeJoin({ type, natural, left, right, on, using }: Join): string {
  const first = left.kind === 'join' && isBare(left) ? `(${writeJoin(left)})` : writeReference(left)
  const second = right.kind === 'join' ? `(${writeJoin(right)})` : writeReference(right)
  const columns = using.length === 0 ? '' : ` USING (${using.map(writeName).join(', ')})`
  const condition = on === undefined ? columns : ` ON ${writeCondition(on)}`
  return `${first} ${natural ? 'NATURAL ' : ''}${JOINS[type]} ${second}${condition}`
}

function isBare({ natural, on, using }: Join): boolean {
  return !natural && on === undefined && using.length === 0
}

function writeAlias(alias: Name | undefined): string {
  return alias === undefined ? '' : ` AS ${writeName(alias)}`
}

function writeName({ text, quoted }: Name): string {
  return quoted ? quote(text) : text
}

function writePath({ parts }: QualifiedName): string {
  return parts.map(writeName).join('.')
}

function writeString(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** A value with parentheses around everything that is not a primary, where it is an operand. */
function writeOperand(value: Expression): string {
  return value.kind === 'binary' || value.kind === 'signed' ? `(${writeValue(value)})` : writeValue(value)
}

function writeValue(value: Expression): string {
  switch (value.kind) {
    case 'number':
      return value.text
    case 'string':
      return writeString(value.value)
    case 'null':
      return 'NULL'
    case 'column':
      return writePath(value.name)
    case 'call':
      return writeCall(value)
    case 'choice':
      return writeChoice(value)
    case 'cast':
      return `CAST(${writeValue(value.operand)} AS ${value.target}${value.length === undefined ? '' : `(${value.length.value})`})`
    case 'signed':
      return `${value.sign}${writeOperand(value.operand)}`
    case 'binary':
      return writeBinary(value)
  }
}

const STRENGTH = { '||': 0, '+': 1, '-': 1, '*': 2, '/': 2 } as const

/** Operators are read from the left: a weaker operand, and an equal one on the right, stand in parentheses. */
function writeBinary({ operator, left, right }: BinaryOperation): string {
  const keeps =
    left.kind === 'binary' &&
    (operator === '||') === (left.operator === '||') &&
    STRENGTH[left.operator] >= STRENGTH[operator]
  const isStronger = right.kind === 'binary' && operator !== '||' && STRENGTH[right.operator] > STRENGTH[operator]
  const first = keeps ? writeValue(left) : writeOperand(left)
  return `${first} ${operator} ${isStronger ? writeValue(right) : writeOperand(right)}`
}

function writeCall({ name, coordinateSystem, arguments: values, distinct, star }: Call): string {
  const system = coordinateSystem === undefined ? [] : [writeString(coordinateSystem.value)]
  const inner = star ? '*' : [...system, ...values.map((value) => writeValue(value))].join(', ')
  return `${name.text}(${distinct ? 'DISTINCT ' : ''}${inner})`
}

function writeChoice({ name, branches, otherwise }: Choice): string {
  const parts = branches.flatMap(({ condition, value }) => [writeCondition(condition), writeValue(value)])
  const isIf = name.text.toUpperCase() === 'IF_THEN_ELSE'
  return `${name.text}(${(isIf ? [...parts, writeValue(otherwise)] : [writeValue(otherwise), ...parts]).join(', ')})`
}

function writeCondition(condition: Condition): string {
  const not = 'negated' in condition && condition.negated ? 'NOT ' : ''
  switch (condition.kind) {
    case 'comparison':
      return `${writeValue(condition.left)} ${condition.operator} ${writeValue(condition.right)}`
    case 'between':
      return `${writeValue(condition.operand)} ${not}BETWEEN ${writeValue(condition.low)} AND ${writeValue(condition.high)}`
    case 'in-list':
      return `${writeValue(condition.operand)} ${not}IN (${condition.values.map((value) => writeValue(value)).join(', ')})`
    case 'in-query':
      return `${writeValue(condition.operand)} ${not}IN (${writeExpression(condition.query)})`
    case 'like':
      return `${writeValue(condition.operand)} ${not}${condition.caseless ? 'ILIKE' : 'LIKE'} ${writeValue(condition.pattern)}`
    case 'is-null':
      return `${writeValue(condition.operand)} IS ${not}NULL`
    case 'exists':
      return `EXISTS (${writeExpression(condition.query)})`
    case 'not':
      return `NOT ${isChain(condition.operand) ? `(${writeCondition(condition.operand)})` : writeCondition(condition.operand)}`
    case 'and':
      return condition.operands
        .map((operand) => (operand.kind === 'or' ? `(${writeCondition(operand)})` : writeCondition(operand)))
        .join(' AND ')
    case 'or':
      return condition.operands.map(writeCondition).join(' OR ')
  }
}

function isChain({ kind }: Condition): boolean {
  return kind === 'and' || kind === 'or'
}
