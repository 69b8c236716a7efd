import type { DeclaredName } from '../adql/metadata.ts'
import { adqlName, isRegular } from '../adql/names.ts'
import { UserTableError } from './failures.ts'

/** A row of numbers of so many columns fits into a page of PostgreSQL. */
export const MAX_COLUMNS = 900

const PREFIX = 'user_'
const MAX_NAME = 63
const MAX_USER = 200

/**
 * The schema in which the tables of a user are: `user_ann`. What is not in lower case or has other characters stands
 * between quotes, `"user_ann@example.org"`, so that no two users have the same.
 */
export function schemaOf(user: string): DeclaredName {
  const text = `${PREFIX}${user}`
  return { text, delimited: !/^[a-z0-9_]+$/.test(user) }
}

/** How TAP_SCHEMA calls a table of a user. */
export function tapNameOf(user: string, name: string): string {
  return `${adqlName(schemaOf(user))}.${name}`
}

/**
 * The table that a user means: `targets`, or with a schema `user_ann.targets`.
 *
 * @returns whose it is, the user himself where no schema is given, null where it is not that of a user; and the name in
 *   lower case
 * @throws UserTableError
 */
export function readTableName(given: string, user: string): { readonly owner: string | null; readonly name: string } {
  if (user.length > MAX_USER || /[\p{Cc}\s]/u.test(user)) {
    throw new UserTableError(
      'table_name',
      `the user name ${JSON.stringify(user)} cannot be part of the name of a schema`,
    )
  }
  const own = schemaOf(user)
  const [, quoted, plain = own.text, name = ''] = PATH.exec(given) ?? []
  if (!isRegular(name)) {
    throw new UserTableError(
      'table_name',
      `${JSON.stringify(given.slice(0, 200))} is not a name for a table: it must be a letter with letters, digits and _ behind it, at most ${MAX_NAME}, not a word of ADQL, maybe with the schema ${adqlName(own)} and a dot in front`,
    )
  }
  const schema = quoted?.replaceAll('""', '"') ?? (plain === own.text ? plain : plain.toLowerCase())
  const owner = schema.startsWith(PREFIX) ? schema.slice(PREFIX.length) : null
  return { owner, name: name.toLowerCase() }
}

/** A name, maybe with a schema in front of it; as a regular expression that others can have too. */
export const TABLE_NAME = `^(?:(?:"((?:[^"]|"")+)"|([A-Za-z0-9_]+))\\.)?([A-Za-z][A-Za-z0-9_]{0,${MAX_NAME - 1}})$`
const PATH = new RegExp(TABLE_NAME)
