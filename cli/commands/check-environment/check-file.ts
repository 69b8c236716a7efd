import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { DatabaseAddress } from '../../../shared/database-address.ts'
import type { Environment } from '../../../shared/environment/environment.ts'
import { parseEnvironment } from '../../../shared/environment/parse.ts'
import type { TapServer } from '../../../shared/environment/tap-server.ts'
import { readSecret } from '../../../shared/platform/secrets.ts'
import { formatProblem } from '../../../shared/problem.ts'
import { withFileErrors } from '../../terminal/file-error.ts'
import { type Check, check } from './check.ts'

export interface CheckedFile {
  /** null: it cannot be used. */
  readonly environment: Environment | null
  readonly checks: readonly Check[]
}

/**
 * Everything about an environment file that can be known without reaching for what it names.
 *
 * @throws UsageError when there is no such file
 */
export async function checkFile(file: string): Promise<CheckedFile> {
  const text = await withFileErrors(file, () => readFile(file, 'utf8'))
  const { environment, problems } = parseEnvironment(file, text)
  const told = problems.map((problem): Check => {
    const place = problem.path === '' ? file : problem.path
    return { subject: place, state: problem.severity, message: formatProblem(problem) }
  })
  if (environment === null) return { environment, checks: told }
  const servers = [...environment.servers.values()]
  const secrets = await Promise.all([...secretsOf(environment)].map((key) => checkSecret(environment, key)))
  return {
    environment,
    checks: [
      { subject: file, state: 'ok', message: describeServers(servers) },
      ...told,
      ...servers.flatMap((server) => checkServer(server, environment)),
      ...checkAudience(environment),
      ...checkTopic(environment),
      ...secrets.flat(),
    ],
  }
}

function describeServers(servers: readonly TapServer[]): string {
  if (servers.length === 0) return 'no TAP servers: there is nothing to stage or swap'
  return `TAP servers: ${servers.map(({ name }) => name).join(', ')}`
}

function checkServer(server: TapServer, { releases }: Environment): readonly Check[] {
  const { name, schemaVersion, follow, readers, swap, schemas } = server
  const subject = `${name}: releases`
  const checks: Check[] = [{ subject: `${name}: schemas`, state: 'ok', message: schemas.join(', ') }]
  if (releases === null) {
    checks.push({
      subject,
      state: 'warning',
      message: 'no releases bucket is named: releases can be staged by hand only',
    })
  } else if (schemaVersion === null && follow.length === 0) {
    const message = 'it has neither schemaVersion nor follow: releases are staged by hand only'
    checks.push({ subject, state: 'warning', message })
  } else {
    const what = [...(schemaVersion === null ? [] : [schemaVersion]), ...follow].join(', ')
    checks.push({ subject, state: 'ok', message: `takes ${what}; swap: ${swap}` })
  }
  checks.push(checkReaders(name, readers), ...checkUserTables(server))
  return checks
}

function checkReaders(name: string, readers: readonly string[]): Check {
  const subject = `${name}: readers`
  if (readers.length === 0) {
    const message = 'none: each release takes over those of what is live, and the very first one has nobody to read it'
    return { subject, state: 'warning', message }
  }
  const everybody = readers.includes('public') ? ' (public: everybody who can log in to the database)' : ''
  return { subject, state: 'ok', message: `${readers.join(', ')}${everybody}` }
}

/** What does not fit the section is a problem of the file. */
function checkUserTables({ name, service }: TapServer): readonly Check[] {
  if (service?.userTables == null) return []
  const subject = `${name}: quotas of tables`
  const { tables = null, tableBytes = null } = service.jobs?.quotas.default ?? {}
  if (tables !== null && tableBytes !== null) {
    return [{ subject, state: 'ok', message: `${tables} tables and ${tableBytes} bytes for each user` }]
  }
  const missing = [...(tables === null ? ['tables'] : []), ...(tableBytes === null ? ['tableBytes'] : [])]
  const message = `any user may fill the database: set ${missing.join(' and ')} in service.jobs.quotas.default`
  return [{ subject, state: 'warning', message }]
}

function checkAudience({ identity }: Environment): readonly Check[] {
  const { audience, trustPlatform } = identity
  if (audience.length > 0) return [{ subject: 'identity', state: 'ok', message: `tokens for ${audience.join(', ')}` }]
  const message = 'no audience: a token that was made for any other service is accepted; name the URL of swap-schema'
  return [
    {
      subject: 'identity',
      state: trustPlatform ? 'ok' : 'warning',
      message: trustPlatform ? `Cloud Run verifies tokens; ${message}` : message,
    },
  ]
}

function checkTopic({ topic }: Environment): readonly Check[] {
  if (topic === null) return [{ subject: 'topic', state: 'ok', message: 'none: no events are published' }]
  return [{ subject: 'topic', state: 'ok', message: topic }]
}

/** The keys of the passwords that the databases need. */
function secretsOf({ servers, results }: Environment): ReadonlySet<string> {
  const addresses: DatabaseAddress[] = [...servers.values()].flatMap(({ database, service }) => [
    database,
    ...(service?.query.database === undefined || service.query.database === null ? [] : [service.query.database]),
  ])
  addresses.push(...(results?.jobs?.databases ?? []))
  return new Set(
    addresses.flatMap((address) =>
      address.kind === 'url' && address.passwordKey !== null ? [address.passwordKey] : [],
    ),
  )
}

/** Secrets are mounted where functions run, and need not be here. */
async function checkSecret({ file, secretsDirectory }: Environment, key: string): Promise<readonly Check[]> {
  const subject = `secret ${key}`
  const directory = resolve(dirname(file), secretsDirectory)
  const [found] = await check(subject, async () => {
    await readSecret(directory, key)
    return `is in ${directory}`
  })
  return found === undefined ? [] : [{ ...found, state: found.state === 'error' ? 'warning' : found.state }]
}
