import { dirname, resolve } from 'node:path'
import type pg from 'pg'
import type { DatabaseAddress } from '../database-address.ts'
import type { Environment } from '../environment/environment.ts'
import type { TapServer } from '../environment/tap-server.ts'
import { type Lazy, lazily } from '../lazily.ts'
import { type ConnectOptions, connect, type Database } from '../platform/postgres/database.ts'
import { readSecret } from '../platform/secrets.ts'

type ConnectionChoices = Pick<ConnectOptions, 'applicationName' | 'logger' | 'trustMs'>

/** The databases of an environment's TAP servers, each connected to when it is first needed. */
export interface ServerConnections {
  /**
   * One pool for each server. A connection that failed is tried anew by the next call.
   *
   * @throws ConnectionError, SecretError, DatabaseAddressError
   */
  poolFor(server: TapServer): Promise<pg.Pool>
  /** Closes what was opened; the pools are of no use afterwards. */
  close(): Promise<void>
}

export function connectServers(environment: Environment, options: ConnectionChoices): ServerConnections {
  const databases = new Map<string, Lazy<Database>>()
  const poolFor = async (server: TapServer) => {
    const database = databases.get(server.name) ?? lazily(() => connectServer(environment, server, options))
    databases.set(server.name, database)
    return (await database()).pool
  }
  const close = async () => {
    const opened = [...databases.values()].map((database) => database.started())
    databases.clear()
    await Promise.all(opened.map((database) => database?.then((open) => open.close()).catch(ignoreFailedConnection)))
  }
  return { poolFor, close }
}

/** Connects to a server's database with the password from the secrets directory, where one is configured. */
export function connectServer(
  environment: Environment,
  server: TapServer,
  options: ConnectionChoices,
): Promise<Database> {
  return connectAddress(environment, server.database, options)
}

/** Connects to any database of an environment file, likewise. */
export async function connectAddress(
  environment: Environment,
  address: DatabaseAddress,
  options: ConnectionChoices,
): Promise<Database> {
  if (address.kind === 'cloudsql' || address.passwordKey === null) return connect(address, options)
  // A relative directory lies beside the environment file, wherever the process was started.
  const directory = resolve(dirname(environment.file), environment.secretsDirectory)
  return connect(address, { ...options, password: await readSecret(directory, address.passwordKey) })
}

// The caller that asked for it got the error.
function ignoreFailedConnection(): void {}
