import { type Command, InvalidArgumentError } from 'commander'
import { hideSecrets } from '../../terminal/secrets.ts'
import { quoteForShell } from '../../terminal/spelling.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import {
  addDatabaseOptions,
  type DatabaseFlags,
  type DatabaseTarget,
  INSTANCE_OPTIONS,
  requireDatabase,
} from './database-options.ts'

/** How a TAP server is reached: its database, or the swap-schema function that knows it. */
export interface ServerFlags extends DatabaseFlags {
  readonly url?: string
  readonly server?: string
  readonly token?: string
}

export const TOKEN_VARIABLE = 'ALMAGEST_TOKEN'

export function addServerOptions(command: Command): Command {
  return addDatabaseOptions(command)
    .option('--url <url>', 'address of the swap-schema function, in place of --database', parseFunctionUrl)
    .option('--server <name>', 'name of the TAP server there')
    .option('--token <token>', `identity token for the function (default: ${TOKEN_VARIABLE}, else one of your own)`)
}

export interface FunctionAddress {
  readonly kind: 'function'
  readonly url: string
  readonly server: string
  readonly token: string | null
}

export type ServerAddress = DatabaseTarget | FunctionAddress

/** @throws UsageError when there is none, or when it is not clear which */
export function requireServer(flags: ServerFlags): ServerAddress {
  const { url, server } = flags
  if (url === undefined) {
    if (server !== undefined) throw new UsageError('--server names a TAP server of a function: give its --url as well')
    return requireDatabase(flags)
  }
  if (flags.database !== undefined) throw new UsageError('give either --database or --url, not both')
  const [, option] = INSTANCE_OPTIONS.find(([name]) => flags[name] !== undefined) ?? []
  if (option !== undefined) throw new UsageError(`leave out ${option}: with --url, the function knows its database`)
  if (server === undefined || server === '') {
    throw new UsageError(`--url needs --server NAME: which TAP server of the function is meant`)
  }
  const token = flags.token ?? process.env[TOKEN_VARIABLE] ?? ''
  return { kind: 'function', url, server, token: token === '' ? null : token }
}

/**
 * The options that named the server, to be put behind another command: with a blank in front. Passwords and tokens are
 * left out.
 */
export function nameServer({ database, instance, ipType, user, url, server }: ServerFlags): string {
  const options = {
    '--database': database === undefined ? undefined : hideSecrets([database])(database),
    '--instance': instance,
    '--ip-type': ipType,
    '--user': user,
    '--url': url,
    '--server': server,
  }
  return Object.entries(options)
    .map(([option, value]) => (value === undefined ? '' : ` ${option} ${quoteForShell(value)}`))
    .join('')
}

function parseFunctionUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidArgumentError('It must be an http:// or https:// address.')
  }
  if (url.username !== '' || url.password !== '') throw new InvalidArgumentError('It must not hold a user or password.')
  if (url.search !== '' || url.hash !== '') throw new InvalidArgumentError('It must not have a query or fragment.')
  return url.href
}
