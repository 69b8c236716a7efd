import { type Command, InvalidArgumentError } from 'commander'
import type { CloudSqlAddress, UrlAddress } from '../../../shared/database-address.ts'
import { complaintAboutEndpoint, complaintAboutInstance } from '../../../shared/environment/complaints.ts'
import { messageOf } from '../../../shared/failure.ts'
import { UsageError } from '../../terminal/usage-error.ts'

/** How a database is named on the command line: by a URL, or as one of a Cloud SQL instance. */
export interface DatabaseFlags {
  readonly database?: string
  readonly instance?: string
  readonly ipType?: IpType
  readonly user?: string
}

type IpType = CloudSqlAddress['ipType']

export type DatabaseTarget = Pick<UrlAddress, 'kind' | 'url'> | InstanceTarget

/** A user of null follows from the caller's credentials. */
export type InstanceTarget = Omit<CloudSqlAddress, 'user' | 'poolMax'> & { readonly user: string | null }

/** The same types, and the same default, as in an environment file. */
const IP_TYPES: readonly IpType[] = ['PUBLIC', 'PRIVATE', 'PSC']
const DEFAULT_IP_TYPE: IpType = 'PRIVATE'

/** What stands in for options that are not given. */
const VARIABLES = {
  url: ['ALMAGEST_DATABASE_URL', parseUrl],
  instance: ['ALMAGEST_INSTANCE', parseInstance],
  database: ['ALMAGEST_DATABASE', parseName],
  ipType: ['ALMAGEST_IP_TYPE', parseIpType],
  user: ['ALMAGEST_USER', parseUser],
  adminApiEndpoint: ['ALMAGEST_ADMIN_API_ENDPOINT', parseEndpoint],
} as const

const [URL_VARIABLE] = VARIABLES.url
const [INSTANCE_VARIABLE] = VARIABLES.instance

const DATABASE_HELP = `PostgreSQL URL of the TAP server's database (default: ${URL_VARIABLE}; its password may come from PGPASSWORD); with --instance, its name`

export function addDatabaseOptions(command: Command): Command {
  return command
    .option('--database <url or name>', DATABASE_HELP, parseDatabase)
    .option('--instance <name>', 'Cloud SQL instance, project:region:name, reached by its connector', parseInstance)
    .option(
      '--ip-type <type>',
      `which of its addresses: ${IP_TYPES.join(', ')} (default: ${DEFAULT_IP_TYPE})`,
      parseIpType,
    )
    .option(
      '--user <name>',
      'its user: by IAM (default: your service account), with PGPASSWORD a built-in one',
      parseUser,
    )
}

/** The options of an instance, as they are written. */
export const INSTANCE_OPTIONS: readonly (readonly [keyof DatabaseFlags, string])[] = [
  ['instance', '--instance'],
  ['ipType', '--ip-type'],
  ['user', '--user'],
]

/** @throws UsageError when there is none, or when it is not clear which */
export function requireDatabase(flags: DatabaseFlags): DatabaseTarget {
  const { database, instance } = flags
  if (database !== undefined && isUrl(database)) return useUrl(database, '--database', flags)
  if (instance !== undefined) return useInstance(instance, flags)
  const url = database === undefined ? readVariable('url') : undefined
  const usual = readVariable('instance')
  if (url !== undefined && usual !== undefined) {
    throw new UsageError(`${URL_VARIABLE} and ${INSTANCE_VARIABLE} are both set: unset one of them, or give --database`)
  }
  if (url !== undefined) return useUrl(url, URL_VARIABLE, flags)
  if (usual !== undefined) return useInstance(usual, flags)
  if (database !== undefined)
    throw new UsageError(`--database is not a valid URL, and there is no --instance. ${DATABASE_SHAPE}`)
  throw new UsageError(`no database is named: give --database, or set ${URL_VARIABLE} or ${INSTANCE_VARIABLE}`)
}

function useUrl(url: string, source: string, flags: DatabaseFlags): DatabaseTarget {
  const [, option] = INSTANCE_OPTIONS.find(([name]) => flags[name] !== undefined) ?? []
  if (option === undefined) return { kind: 'url', url }
  throw new UsageError(
    `${option} is about a Cloud SQL instance, but ${source} is a URL: give the database's name alone`,
  )
}

function useInstance(instance: string, flags: DatabaseFlags): DatabaseTarget {
  const database = flags.database ?? readVariable('database')
  if (database === undefined) {
    throw new UsageError('a Cloud SQL instance needs --database NAME: which of its databases is meant')
  }
  return {
    kind: 'cloudsql',
    instance,
    database,
    ipType: flags.ipType ?? readVariable('ipType') ?? DEFAULT_IP_TYPE,
    user: flags.user ?? readVariable('user') ?? null,
    adminApiEndpoint: readVariable('adminApiEndpoint') ?? null,
  }
}

type VariableValue<K extends keyof typeof VARIABLES> = ReturnType<(typeof VARIABLES)[K][1]>

/** An empty variable counts as none. */
function readVariable<K extends keyof typeof VARIABLES>(key: K): VariableValue<K> | undefined {
  const [variable, parse] = VARIABLES[key]
  const value = process.env[variable] ?? ''
  if (value === '') return undefined
  try {
    return parse(value) as VariableValue<K>
  } catch (error) {
    throw new UsageError(`${variable} cannot be used. ${messageOf(error)}`)
  }
}

function parseDatabase(value: string): string {
  return isUrl(value) ? parseUrl(value) : parseName(value)
}

function isUrl(value: string): boolean {
  return value.includes('://')
}

/** The complaints never repeat what was given: it may hold a password. */
function parseUrl(value: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1]?.toLowerCase()
  if (scheme !== 'postgresql' && scheme !== 'postgres') throw new InvalidArgumentError(URL_SHAPE)
  if (!URL.canParse(value)) throw new InvalidArgumentError(`${URL_SHAPE} ${ENCODING_HINT}`)
  return value
}

const URL_SHAPE = 'It must look like postgresql://user@host:5432/database.'
const DATABASE_SHAPE =
  'It must look like postgresql://user@host:5432/database, or be a name beside --instance project:region:name.'
const ENCODING_HINT = 'Characters such as @ / ? # % in the password are written as %40 %2F %3F %23 %25.'

const POSTGRES_NAME_BYTES = 63

/** A name that PostgreSQL can have, and nothing that was meant as an address. */
function parseName(value: string): string {
  const legal = value.trim() !== '' && !/[/:@?=\p{Cc}]/u.test(value) && Buffer.byteLength(value) <= POSTGRES_NAME_BYTES
  if (!legal) throw new InvalidArgumentError(DATABASE_SHAPE)
  return value
}

function parseInstance(value: string): string {
  if (complaintAboutInstance(value) === null) return value
  const hint = "`gcloud sql instances describe NAME --format='value(connectionName)'` shows it"
  throw new InvalidArgumentError(`It must be project:region:name; ${hint}.`)
}

function parseIpType(value: string): IpType {
  const ipType = IP_TYPES.find((type) => type === value)
  if (ipType === undefined) throw new InvalidArgumentError(`It must be one of ${IP_TYPES.join(', ')}.`)
  return ipType
}

function parseUser(value: string): string {
  if (value.trim() === '' || /\p{Cc}/u.test(value)) throw new InvalidArgumentError('It must not be empty.')
  const [prefix] = /^(user|serviceAccount|group):/i.exec(value) ?? []
  if (prefix !== undefined) throw new InvalidArgumentError(`It must be the name alone, without ${prefix} in front.`)
  return value
}

function parseEndpoint(value: string): string {
  const complaint = complaintAboutEndpoint(value)
  if (complaint !== null) throw new InvalidArgumentError(`It ${complaint}.`)
  return value
}
