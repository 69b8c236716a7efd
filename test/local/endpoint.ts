import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface Endpoint {
  /** Without a slash at its end. */
  readonly url: string
  readonly requests: { readonly method: string; readonly url: string; readonly body: string }[]
}

/** An endpoint that answers with these statuses, one after another, then 204. */
export async function startEndpoint(...statuses: number[]): Promise<Endpoint> {
  const requests: { method: string; url: string; body: string }[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    requests.push({ method: request.method ?? '', url: request.url ?? '', body })
    response.writeHead(statuses.shift() ?? 204).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}
