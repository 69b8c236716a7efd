import { Failure, type FailureKind } from '../failure.ts'

export type UserTableErrorCode =
  | 'table_name'
  | 'table_definition'
  | 'table_not_found'
  | 'table_exists'
  | 'not_owner'
  | 'column_not_found'
  | 'column_mismatch'
  | 'table_values'
  | 'too_many_rows'
  | 'result_missing'

const KINDS: Readonly<Record<UserTableErrorCode, FailureKind>> = {
  table_name: 'malformed',
  table_definition: 'malformed',
  table_not_found: 'missing',
  table_exists: 'conflict',
  not_owner: 'denied',
  column_not_found: 'malformed',
  column_mismatch: 'malformed',
  table_values: 'malformed',
  too_many_rows: 'malformed',
  result_missing: 'conflict',
}

/** What a user cannot do with a table; nothing has changed. The message is meant for him. */
export class UserTableError extends Failure {
  declare readonly code: UserTableErrorCode

  constructor(code: UserTableErrorCode, message: string, cause?: unknown) {
    super(KINDS[code], code, message, { cause })
  }
}

/** Queries would read the tables of all users. */
export class UnsafeRoleError extends Failure {
  constructor(role: string) {
    super(
      'misconfigured',
      'query_role',
      `no table is made, because queries would read those of all users: their role ${role} is a superuser, bypasses row level security, or is a member of the owner of the tables (\`almagest check-environment --connect\` says which)`,
    )
  }
}
