import { requireServer, type ServerFlags } from './options.ts'
import type { ServerAccess } from './server-access.ts'

/** Reaches the server that the flags name, for one operation. */
export async function withServer<T>(flags: ServerFlags, operation: (server: ServerAccess) => Promise<T>): Promise<T> {
  const address = requireServer(flags)
  const server =
    address.kind === 'function'
      ? await (await import('./function-access.ts')).openFunctionAccess(address)
      : await (await import('./database-access.ts')).openDatabaseAccess(address)
  try {
    return await operation(server)
  } finally {
    await server.close()
  }
}
