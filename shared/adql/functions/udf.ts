import type { FunctionRow, Parameter, ParameterType, Signature, SqlOfCall } from './row.ts'

export function parameters(...list: readonly (readonly [name: string, type: ParameterType])[]): Parameter[] {
  return list.map(([name, type]) => ({ name, type }))
}

interface Udf {
  readonly name: string
  readonly signatures: readonly Signature[]
  readonly meaning: string
  readonly aggregate?: true
  readonly volatile?: true
  readonly postgresql: SqlOfCall | 'own'
  /** Why Qserv has none. */
  readonly qserv?: string
}

/** A user defined function that only PostgreSQL has. */
export function udf({ postgresql, qserv = 'Qserv has no such function.', ...row }: Udf): FunctionRow {
  return { ...row, group: 'udf', sql: { postgresql, qserv: { refused: qserv } } }
}

/** The same function under the name by which users of other services know it. */
export function alias(row: FunctionRow, name: string): FunctionRow {
  return { ...row, name, meaning: `The same as ${row.name}.` }
}
