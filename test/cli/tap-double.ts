import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface TapCall {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Parameters of the form, and files by the names of their parts. */
  readonly form: FormData
}

export interface TapDouble {
  readonly url: string
  readonly calls: readonly TapCall[]
}

/** A TAP service that answers what the test says, whatever it is asked. */
export async function tapDouble(answer: (response: ServerResponse, call: TapCall) => void): Promise<TapDouble> {
  const calls: TapCall[] = []
  const server = createServer((request, response) => {
    void read(request).then((call) => {
      calls.push(call)
      answer(response, call)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tap`, calls }
}

async function read(request: IncomingMessage): Promise<TapCall> {
  const body = new Uint8Array(await buffer(request))
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  const form = body.length === 0 ? new FormData() : await new Response(body, { headers }).formData()
  return { path: request.url ?? '', headers: request.headers, form }
}
