/** An InfluxDB database as far as it matters who may see it. */
export interface GuardedDatabase {
  readonly label: string
  readonly database: string
  readonly local: boolean
  /** All of them are needed. */
  readonly requiredScopes: readonly string[]
}

/** The databases that somebody with these scopes may see; the others do not exist for them. */
export function visibleDatabases<T extends Pick<GuardedDatabase, 'requiredScopes'>>(
  databases: readonly T[],
  scopes: readonly string[],
): readonly T[] {
  return databases.filter(({ requiredScopes }) => requiredScopes.every((scope) => scopes.includes(scope)))
}

/**
 * The engineering facilities database of the environment: the one that is configured as default, else the only local
 * one that is called `efd`, else the only local one. undefined: there is none, or it cannot be decided.
 */
export function findDefault<T extends Pick<GuardedDatabase, 'label' | 'database' | 'local'>>(
  databases: readonly T[],
  configured: string | null,
): T | undefined {
  if (configured !== null) return databases.find(({ label }) => label === configured)
  const local = databases.filter((database) => database.local)
  const engineering = local.filter(({ database }) => database === 'efd')
  return engineering.length === 1 ? engineering[0] : local.length === 1 ? local[0] : undefined
}

/** For clients that do not take a URL. */
export function splitUrl(url: string): { readonly host: string; readonly port: number; readonly path: string } {
  const { hostname, port, protocol, pathname } = new URL(url)
  const usual = protocol === 'https:' ? 443 : 80
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port), path: pathname }
}
