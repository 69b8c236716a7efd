import { createServer, type Server } from 'node:http'
import { buildConsole } from '../deploy/console/build-console.ts'
import { lazily } from '../shared/lazily.ts'

/**
 * Builds the console's page into the folder when the console is first asked for anything: that takes longer than all
 * functions do to start, and often nobody opens it.
 *
 * @param warn takes why it cannot be built; the console says itself that it has no page
 * @returns the console's server, for a mount
 */
export function serveConsole(console: Server, folder: string, warn: (message: string) => void): Server {
  const build = lazily(() => buildConsole(folder))
  return createServer(async (request, response) => {
    await build().catch((error: Error) => warn(`the page of the console cannot be built: ${error.message}`))
    console.emit('request', request, response)
  })
}
