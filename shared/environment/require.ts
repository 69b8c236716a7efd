import { nearMiss } from '../near-miss.ts'
import type { DiscoveryConfig } from './discovery/discovery.ts'
import type { RegistryConfig } from './discovery/registry.ts'
import type { Environment } from './environment.ts'
import { EnvironmentError } from './environment-error.ts'
import { parseEnvironment } from './parse.ts'
import type { ReleasesConfig } from './releases.ts'
import type { ResultsConfig } from './results.ts'
import type { TapServer } from './tap-server.ts'

/** As `parseEnvironment`, for those who can do nothing without one. Throws EnvironmentError with every problem. */
export function requireEnvironment(file: string, text: string): Environment {
  const { environment, problems } = parseEnvironment(file, text)
  if (environment === null) throw new EnvironmentError(`the environment file ${file} cannot be used:`, problems)
  return environment
}

/** Where releases lie. Throws EnvironmentError when the file does not say. */
export function requireReleases({ file, releases }: Environment): ReleasesConfig {
  if (releases !== null) return releases
  const message = 'does not say where releases lie: give releases.bucket, or tap.schemaSourceTemplate with a gs:// URL'
  throw new EnvironmentError(`the environment file ${file} ${message}`)
}

/** A TAP server by its name. Throws EnvironmentError when there is none of that name. */
export function requireServer({ file, servers }: Environment, name: string): TapServer {
  const server = servers.get(name)
  if (server !== undefined) return server
  const names = [...servers.keys()]
  const meant = nearMiss(name, names)
  const hint = meant === undefined ? `it has ${names.join(', ') || 'none'}` : `did you mean ${meant}?`
  throw new EnvironmentError(`the environment file ${file} has no TAP server ${JSON.stringify(name)}: ${hint}`)
}

/** What the environment says of itself. Throws EnvironmentError when that is nothing. */
export function requireDiscovery({ file, discovery }: Environment): DiscoveryConfig {
  if (discovery.baseHostname !== null) return discovery
  throw new EnvironmentError(`the environment file ${file} does not describe an environment: baseHostname is missing`)
}

/** What the publishing registry is made of. Throws EnvironmentError when the file does not have one. */
export function requireRegistry(environment: Environment): { readonly config: RegistryConfig; readonly host: string } {
  const { baseHostname, ivoaRegistry } = requireDiscovery(environment)
  if (ivoaRegistry !== null && baseHostname !== null) return { config: ivoaRegistry, host: baseHostname }
  const message = 'has no publishing registry: give ivoaRegistry (docs/registry.md)'
  throw new EnvironmentError(`the environment file ${environment.file} ${message}`)
}

/** Where results lie and when they are deleted. Throws EnvironmentError when the file does not say. */
export function requireResults({ file, results }: Environment): ResultsConfig {
  if (results !== null) return results
  const message = 'says nothing about results: give results.bucket and results.rules (docs/results.md)'
  throw new EnvironmentError(`the environment file ${file} ${message}`)
}
