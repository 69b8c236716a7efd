import type { TableMetadata } from '../../adql/metadata.ts'
import { Failure, messageOf } from '../../failure.ts'
import {
  QueryBusyError,
  QueryLimitError,
  QueryServiceError,
  QueryTableError,
  QueryUnavailableError,
  QueryValueError,
} from '../errors.ts'
import { TABLE_LOST } from '../user-tables.ts'

export interface Circumstances {
  readonly timeoutMs: number
  /** How long the query has been there. */
  readonly elapsedMs: number
  /** Tables that the query reads, as TAP_SCHEMA calls them. */
  readonly tables: readonly string[]
  /** Those of them that users keep. */
  readonly userTables: readonly TableMetadata[]
}

/**
 * What an error of PostgreSQL means for whoever asked. Its own text names our SQL and the tables behind it, so it is the
 * cause and nothing else.
 */
export function explainError(error: unknown, circumstances: Circumstances): Failure {
  if (error instanceof Failure) return error
  const state = sqlStateOf(error)
  if (state === null) {
    return new QueryUnavailableError('The connection to the database was lost: try again in a moment.', error)
  }
  if (state === 'XX000' && isShapeComplaint(error)) return new QueryValueError(SHAPE, error)
  const rule = RULES.find(([pattern]) => pattern.test(state))
  return rule === undefined ? new QueryServiceError(UNKNOWN, error) : rule[1](error, circumstances)
}

/** What PostgreSQL says when a statement took too long, found out by us. */
export class TimeIsUp extends Error {
  readonly code = '57014'
  constructor(cause?: unknown) {
    super('the statement took too long', { cause })
  }
}

/** PostgreSQL's SQLSTATE, of an error of `pg` or of one of ours that stands for it. */
export function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const code = 'sqlState' in error ? String(error.sqlState) : 'code' in error ? String(error.code) : ''
  return /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : null
}

export const BUSY = 'The service answers as many queries as it can at once: try again in a moment.'
const UNKNOWN = 'The database could not answer this query. The log of the service says why.'

const SHAPE =
  'The query makes a shape that cannot be: a polygon with fewer than three different vertices or with sides that cross, or one that is too large. Leave such rows out.'

/** pgsphere and PostGIS have no SQLSTATE of their own for shapes: only their words tell them from faults of PostgreSQL. */
function isShapeComplaint(error: unknown): boolean {
  return /spherepoly|sphereline|antipodal|geometry|geography|polygon|linestring|radius must|^parsing: /i.test(
    error instanceof Error ? error.message : '',
  )
}

type Explanation = (error: unknown, circumstances: Circumstances) => Failure

function ofValue(what: string): Explanation {
  return (error) => new QueryValueError(what, error)
}

/** A user may drop his table at any moment; what the release describes has to be there. */
const lostTable: Explanation = (error, circumstances) => {
  const { tables, userTables } = circumstances
  const message = messageOf(error)
  const isUserTable = userTables.some(
    ({ physical }) => physical !== undefined && message.includes(`${physical.schema}.`),
  )
  if (isUserTable) return lostUserTable(error, circumstances)
  return new QueryServiceError(
    `The service describes ${named(tables)}, but its database has not all of that. Its log says what is missing.`,
    error,
  )
}

const lostUserTable: Explanation = (error, { userTables }) => {
  const names = `${userTables.length === 1 ? '' : 'one of '}${userTables.map(({ tapName }) => tapName).join(', ')}`
  return new QueryTableError(
    `${names} cannot be read any more: it was dropped, or its share was taken back, while the query was about to start.`,
    error,
  )
}

const notAllowed: Explanation = (error, { tables }) =>
  new QueryServiceError(`The service may not read all of ${named(tables)}. Its log says what it may not.`, error)

/** PostgreSQL says the same for its own time limit and for a cancel. */
const cancelled: Explanation = (error, { timeoutMs, elapsedMs }) =>
  elapsedMs < timeoutMs * 0.95
    ? new QueryUnavailableError('The query was cancelled by an operator of the database.', error)
    : new QueryLimitError(
        'time',
        `The query did not finish within ${timeoutMs / 1000} s, the limit of this request. Let it find less, or run it as an asynchronous job, which may take longer.`,
        error,
      )

/** By PostgreSQL's SQLSTATE (appendix A), the first that fits. */
const RULES: readonly (readonly [RegExp, Explanation])[] = [
  [/^22012$/, ofValue('The query divides by zero.')],
  [
    /^22003$/,
    ofValue(
      'A number becomes too large or too small for its type, or is one that a function does not take, such as ACOS(2). CAST whole numbers to DOUBLE PRECISION, or leave such rows out.',
    ),
  ],
  [/^2201E$/, ofValue('The query takes the logarithm of a number that is not positive.')],
  [/^2201F$/, ofValue('The query takes a power, or a root, that is not a real number.')],
  [/^2201B$/, ofValue('A regular expression of the query cannot be read.')],
  [/^22P02$/, ofValue('A text cannot be read as the type that the query casts it to.')],
  [/^2200[78]$/, ofValue('A text cannot be read as a date and time, or it is out of range.')],
  [
    /^22/,
    ofValue(
      'A value cannot be computed: the query has an argument out of range, or a text that its type does not take.',
    ),
  ],
  [/^P0001$/, ofValue('A function of this service refuses what the query gives it.')],
  [/^21000$/, ofValue('A subquery that must give one value gives more than one row.')],
  [/^57014$/, cancelled],
  [/^(53300|53400)$/, (error) => new QueryBusyError(BUSY, error)],
  [
    /^(55P03|40P01|40001)$/,
    (error) => new QueryBusyError('Somebody works on a table of the query: try again in a moment.', error),
  ],
  [/^53200$/, (error) => new QueryLimitError('size', 'The query needs more memory than the database has.', error)],
  [/^53100$/, (error) => new QueryLimitError('size', 'The query needs more disk space than the database has.', error)],
  [/^54/, (error) => new QueryLimitError('size', 'The query is too complex for the database.', error)],
  [
    /^(57P|08|58)/,
    (error) => new QueryUnavailableError('The database is not available: try again in a moment.', error),
  ],
  [/^(42P01|42703|3F000)$/, lostTable],
  [/^42501$/, notAllowed],
  [new RegExp(`^${TABLE_LOST}$`), lostUserTable],
]

function named(tables: readonly string[]): string {
  return tables.length === 0 ? 'what the query reads' : tables.join(', ')
}
