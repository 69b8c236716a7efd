import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Server } from 'node:net'

export interface Answer {
  readonly status?: number
  readonly body: unknown
}

export interface LoopbackServer {
  /** `127.0.0.1:1234` */
  readonly host: string
  stop(): Promise<void>
}

/** An HTTP server as Google's own: JSON, or plain text for a string; null: it never answers. */
export async function startHttp(
  answer: (request: IncomingMessage, body: string) => Answer | null,
): Promise<LoopbackServer> {
  const server: HttpServer = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const given = answer(request, Buffer.concat(chunks).toString())
    if (given === null) return
    const { status = 200, body } = given
    const type = typeof body === 'string' ? 'application/text' : 'application/json'
    response.writeHead(status, { 'content-type': type, 'metadata-flavor': 'Google' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await listen(server, 0)
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}

export async function listen(server: Server, port: number, address = '127.0.0.1'): Promise<void> {
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, address, done))
}
