import { createServer, get } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inject } from 'vitest'

/** What is made when a test file first asks for it, and is then everybody's. The answer of each says where it is. */
export type Makers = Readonly<Record<'bundles' | 'extensions', () => Promise<string>>>

function socketIn(folder: string): string {
  return join(folder, 'once.sock')
}

/** Runs in the process of the run itself, which outlives those of the test files. */
export async function makeOnceInARun(folder: string, makers: Makers): Promise<() => void> {
  const made = new Map<string, Promise<string>>()
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) as keyof Makers
    const answer = made.get(name) ?? makers[name]()
    made.set(name, answer)
    answer.then(
      (found) => response.end(found),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
    )
  })
  await new Promise<void>((done) => server.listen(socketIn(folder), done))
  return () => void server.close()
}

/** Called by tests: waits until it is made. */
export async function askRun(name: keyof Makers): Promise<string> {
  const options = { socketPath: socketIn(inject('shared')), path: `/${name}`, agent: false }
  const [status, answer] = await new Promise<[number | undefined, string]>((done, fail) => {
    get(options, async (response) => done([response.statusCode, await text(response)])).on('error', fail)
  })
  if (status !== 200) throw new Error(`${name} could not be made: ${answer}`)
  return answer
}
