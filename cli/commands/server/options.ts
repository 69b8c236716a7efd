import { type Command, InvalidArgumentError } from 'commander'
import { UsageError } from '../../terminal/usage-error.ts'

/** How a TAP server is reached: its database, or the swap-schema function that knows it. */
export interface ServerFlags {
  readonly database?: string
  readonly url?: string
  readonly server?: string
  readonly token?: string
}

export interface DatabaseFlags {
  readonly database?: string
}

export const DATABASE_VARIABLE = 'ALMAGEST_DATABASE_URL'
export const TOKEN_VARIABLE = 'ALMAGEST_TOKEN'

const DATABASE_HELP = `PostgreSQL URL of the TAP server's database (default: ${DATABASE_VARIABLE}; its password may come from PGPASSWORD)`

export function addDatabaseOption(command: Command): Command {
  return command.option('--database <url>', DATABASE_HELP, parseDatabaseUrl)
}

export function addServerOptions(command: Command): Command {
  return addDatabaseOption(command)
    .option('--url <url>', 'address of the swap-schema function, in place of --database', parseFunctionUrl)
    .option('--server <name>', 'name of the TAP server there')
    .option('--token <token>', `identity token for the function (default: ${TOKEN_VARIABLE}, else one of your own)`)
}

/** @throws UsageError when there is none */
export function requireDatabase(flags: DatabaseFlags): string {
  if (flags.database !== undefined) return flags.database
  const variable = process.env[DATABASE_VARIABLE]
  if (variable === undefined || variable === '') {
    throw new UsageError(`required option '--database <url>' not specified, and ${DATABASE_VARIABLE} is not set`)
  }
  try {
    return parseDatabaseUrl(variable)
  } catch (error) {
    throw new UsageError(`${DATABASE_VARIABLE} is not a database URL. ${messageOf(error)}`)
  }
}

export interface FunctionAddress {
  readonly kind: 'function'
  readonly url: string
  readonly server: string
  readonly token: string | null
}

export type ServerAddress = { readonly kind: 'database'; readonly url: string } | FunctionAddress

/** @throws UsageError when there is none, or when it is not clear which */
export function requireServer(flags: ServerFlags): ServerAddress {
  const { database, url, server } = flags
  if (url !== undefined && database !== undefined) throw new UsageError('give either --database or --url, not both')
  if (url === undefined) {
    if (server !== undefined) throw new UsageError('--server names a TAP server of a function: give its --url as well')
    return { kind: 'database', url: requireDatabase(flags) }
  }
  if (server === undefined || server === '') {
    throw new UsageError(`--url needs --server NAME: which TAP server of the function is meant`)
  }
  const token = flags.token ?? process.env[TOKEN_VARIABLE] ?? ''
  return { kind: 'function', url, server, token: token === '' ? null : token }
}

/** The parser's complaint never repeats the URL: it may hold a password. */
function parseDatabaseUrl(value: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1]?.toLowerCase()
  if (scheme !== 'postgresql' && scheme !== 'postgres') throw new InvalidArgumentError(DATABASE_SHAPE)
  if (!URL.canParse(value)) throw new InvalidArgumentError(`${DATABASE_SHAPE} ${ENCODING_HINT}`)
  return value
}

const DATABASE_SHAPE = 'It must look like postgresql://user@host:5432/database.'
const ENCODING_HINT = 'Characters such as @ / ? # % in the password are written as %40 %2F %3F %23 %25.'

function parseFunctionUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidArgumentError('It must be an http:// or https:// address.')
  }
  if (url.username !== '' || url.password !== '') throw new InvalidArgumentError('It must not hold a user or password.')
  if (url.search !== '' || url.hash !== '') throw new InvalidArgumentError('It must not have a query or fragment.')
  return url.href
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
