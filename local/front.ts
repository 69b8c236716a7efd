import { channel } from 'node:diagnostics_channel'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Failure } from '../shared/failure.ts'

/** The HTTP server of each function, by its path prefix: `/swap-schema`. */
export type Mounts = Map<string, Server>

export interface Front {
  /** `http://127.0.0.1:8080` */
  readonly url: string
  stop(): Promise<void>
}

/** What is done to a request before a function sees it, by the function's path prefix. */
export type Ingress = ReadonlyMap<string, (request: IncomingMessage) => void>

/** Where to listen: from this port upwards the first that is free; 0 takes any. */
export interface PortChoice {
  readonly port: number
  /** Whether the next ones will do as well. */
  readonly orNext: boolean
}

/**
 * Serves several functions on one port of 127.0.0.1. Each is called without its prefix, as if it were alone; what is
 * mounted later is served from then on.
 */
export async function startFront(mounts: Mounts, choice: PortChoice, ingress: Ingress = new Map()): Promise<Front> {
  const server = createServer((request, response) => pass({ mounts, ingress }, request, response))
  const port = await listen(server, choice)
  const stop = () =>
    new Promise<void>((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}`, stop }
}

interface Passed {
  readonly mounts: Mounts
  readonly ingress: Ingress
}

function pass({ mounts, ingress }: Passed, request: IncomingMessage, response: ServerResponse): void {
  const [, prefix = '', rest = ''] = /^(\/[^/?]*)(.*)$/s.exec(request.url ?? '/') ?? []
  const isOfRoot = ROOT_PATHS.has(prefix)
  const target = mounts.get(isOfRoot ? '/' : prefix)
  if (target === undefined) {
    const msg = `no function is called ${JSON.stringify(prefix)}: there are ${[...mounts.keys()].join(', ')}`
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ detail: [{ msg, type: 'not_found' }] }))
    return
  }
  ingress.get(prefix)?.(request)
  if (!isOfRoot) request.url = rest.startsWith('/') ? rest : `/${rest}`
  // A server publishes this for every request that comes over its own socket; functions may listen for it.
  REQUEST_START.publish({ request, response, socket: request.socket, server: target })
  target.emit('request', request, response)
}

/** What is served by the function that has no prefix: the console. */
const ROOT_PATHS: ReadonlySet<string> = new Set(['/', '/assets', '/config.json'])

const REQUEST_START = channel('http.server.request.start')

const TRIES = 100

async function listen(server: Server, { port, orNext }: PortChoice): Promise<number> {
  const last = orNext && port !== 0 ? Math.min(port + TRIES, 65_535) : port
  for (let candidate = port; ; candidate++) {
    try {
      return await listenOn(server, candidate)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'EADDRINUSE' && candidate < last) continue
      if (code === 'EADDRINUSE' || code === 'EACCES') throw new PortError(port, candidate, code, error)
      throw error
    }
  }
}

async function listenOn(server: Server, port: number): Promise<number> {
  await new Promise<void>((ready, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', fail)
      ready()
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the system gave no port')
  return address.port
}

/** There is no port to listen on. */
export class PortError extends Failure {
  constructor(first: number, last: number, code: 'EADDRINUSE' | 'EACCES', cause: unknown) {
    const ports = first === last ? `port ${first} is` : `the ports ${first} to ${last} are all`
    const state = code === 'EADDRINUSE' ? 'in use' : 'not for this user'
    super('busy', 'port', `${ports} ${state}: give another one with --port, or --port 0 for any`, { cause })
  }
}
