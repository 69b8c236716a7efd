import { nearMiss } from '../near-miss.ts'
import type { DiscoveryConfig } from './discovery/model.ts'
import { EnvironmentError } from './failures.ts'
import type { Environment, TapServer } from './model.ts'
import { parseEnvironment } from './parse.ts'

/** As `parseEnvironment`, for those who can do nothing without one. Throws EnvironmentError with every problem. */
export function requireEnvironment(file: string, text: string): Environment {
  const { environment, problems } = parseEnvironment(file, text)
  if (environment === null) throw new EnvironmentError(`the environment file ${file} cannot be used:`, problems)
  return environment
}

/** Where releases lie. Throws EnvironmentError when the file does not say. */
export function requireReleases(environment: Environment): NonNullable<Environment['releases']> {
  if (environment.releases !== null) return environment.releases
  const message = 'does not say where releases lie: give releases.bucket, or tap.schemaSourceTemplate with a gs:// URL'
  throw new EnvironmentError(`the environment file ${environment.file} ${message}`)
}

/** A TAP server by its name. Throws EnvironmentError when there is none of that name. */
export function requireServer(environment: Environment, name: string): TapServer {
  const server = environment.servers.get(name)
  if (server !== undefined) return server
  const names = [...environment.servers.keys()]
  const meant = nearMiss(name, names)
  const hint = meant === undefined ? `it has ${names.join(', ') || 'none'}` : `did you mean ${meant}?`
  throw new EnvironmentError(
    `the environment file ${environment.file} has no TAP server ${JSON.stringify(name)}: ${hint}`,
  )
}

/** What the environment tells about itself. Throws EnvironmentError when that is nothing. */
export function requireDiscovery(environment: Environment): DiscoveryConfig {
  if (environment.discovery.baseHostname !== null) return environment.discovery
  throw new EnvironmentError(
    `the environment file ${environment.file} describes no environment: baseHostname is missing`,
  )
}
