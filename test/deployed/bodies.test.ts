import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleFunctions } from '../support/bundles.ts'
import { type FunctionProcess, killFunction, spawnFunction } from '../support/function-process.ts'
import { FUNCTIONS, type FunctionName } from './deployment.ts'

const MEGABYTE = 1024 * 1024
/**
 * What a process may need at most for what it refuses. It is a fraction of what the bodies unpack to; what is thrown away
 * as it comes waits for the garbage collector, which takes its time up to here, and no more however much comes.
 */
const GROWTH_MIB = 150

const PLAIN = Buffer.alloc(200 * MEGABYTE, 32)

/** Bodies that are small only while they are packed. */
const PACK = {
  gzip: async () => {
    // Members one after the other are unpacked as one.
    const member = await promisify(zlib.gzip)(PLAIN.subarray(0, PLAIN.length / 20), { level: 9 })
    return Buffer.concat(Array.from({ length: 20 }, () => member))
  },
  br: () => promisify(zlib.brotliCompress)(PLAIN, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: () => promisify(zlib.zstdCompress)(PLAIN),
} as const
const packed: Record<string, Buffer> = {}

const ENVIRONMENT = `
baseHostname: data.example.com
releases: {bucket: releases}
tap: {servers: {tap: {schemas: [a], databaseUrl: "postgresql://x@127.0.0.1:9/x", service: {url: "https://data.example.com/tap"}}}}
storage: {apiEndpoint: "http://127.0.0.1:9"}
results: {bucket: results, rules: {r: {kind: result, pattern: '^r$', retention: 7d}}}
`

const running = {} as Record<FunctionName, FunctionProcess>

beforeAll(async () => {
  for (const [encoding, pack] of Object.entries(PACK)) packed[encoding] = await pack()
  const bundles = await bundleFunctions()
  const file = join(bundles, 'bodies.yaml')
  await writeFile(file, ENVIRONMENT)
  const start = async (name: FunctionName) => {
    const variables = { NODE_ENV: 'production', K_SERVICE: name, NODE_OPTIONS: '--max-old-space-size=256' }
    running[name] = await spawnFunction({ target: name, source: join(bundles, name), variables }, file)
  }
  await Promise.all(FUNCTIONS.map(start))
})

afterAll(async () => {
  await Promise.all(Object.values(running).map(killFunction))
})

test.each(FUNCTIONS)(
  'the bundle of %s answers a startup probe, with no database, bucket or topic in reach',
  async (name) => {
    const answer = await fetch(`${running[name].url}/healthz`)
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ status: 'ok' })])
  },
)

/** A client that sends this waits to be asked for the body, and here leaves it at that. */
const EXPECT = 'Expect: 100-continue'

interface Sent {
  readonly headers?: readonly string[]
  readonly body: Buffer
  /** Sent this often one after the other, each as a chunk. */
  readonly chunks?: number
}

/** What a function that nobody is logged in to answers, from the first line of its answer on. */
async function post(name: FunctionName, { headers = [], body, chunks }: Sent): Promise<string> {
  const socket = connect(Number(new URL(running[name].url).port), '127.0.0.1')
  const end = new Promise<void>((done) => socket.once('close', () => done()))
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  // A function may close before it was sent everything; that is seen as its close.
  socket.on('error', () => {})
  const length = chunks === undefined ? `Content-Length: ${body.length}` : 'Transfer-Encoding: chunked'
  const head = ['POST / HTTP/1.1', 'Host: x', 'Connection: close', 'Content-Type: application/json', length, ...headers]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  if (headers.includes(EXPECT)) socket.once('data', () => socket.end())
  else if (chunks === undefined) socket.write(body)
  for (let sent = 0; sent < (chunks ?? 0) && socket.writable; sent += 1) {
    socket.write(`${body.length.toString(16)}\r\n`)
    socket.write(body)
    if (!socket.write('\r\n')) await Promise.race([new Promise<void>((done) => socket.once('drain', done)), end])
  }
  if (chunks !== undefined) socket.write('0\r\n\r\n')
  await end
  return answer
}

/** The most that a process ever needed, in MiB. */
async function peakOf({ child }: FunctionProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024
}

const REFUSED = /^HTTP\/1\.1 (413|415) /

describe.skipIf(process.platform !== 'linux')('memory is measured on Linux', () => {
  describe.each(FUNCTIONS)('the bundle of %s', (name) => {
    const flat = async (sending: () => Promise<readonly string[]>, expected = REFUSED) => {
      const before = await peakOf(running[name])
      for (const answer of await sending()) expect(answer).toMatch(expected)
      expect((await peakOf(running[name])) - before).toBeLessThan(GROWTH_MIB)
    }

    test.each(Object.keys(PACK))('refuses a body in %s without unpacking it', async (encoding) => {
      const sent = { headers: [`Content-Encoding: ${encoding}`], body: packed[encoding]! }
      await flat(async () => [await post(name, sent)])
    })

    test('refuses eight packed bodies at once', async () => {
      const sent = { headers: ['Content-Encoding: gzip'], body: packed.gzip! }
      await flat(() => Promise.all(Array.from({ length: 8 }, () => post(name, sent))))
    })

    test('refuses a packed body whose encoding is hidden among others', async () => {
      const hidden = [
        ['Content-Encoding: identity', 'Content-Encoding: gzip'],
        ['Content-Encoding: GZIP, identity'],
        ['Content-Encoding: x-gzip'],
      ]
      await flat(() => Promise.all(hidden.map((headers) => post(name, { headers, body: packed.gzip! }))))
    })

    test('refuses large bodies that say how large they are', async () => {
      const body = PLAIN.subarray(0, 31 * MEGABYTE)
      await flat(() => Promise.all(Array.from({ length: 4 }, () => post(name, { body }))))
    })

    test('bears large bodies that do not say so', async () => {
      const sent = { body: PLAIN.subarray(0, MEGABYTE), chunks: 60 }
      // Nothing of them is read where path, method or caller do not fit.
      const expected = /^HTTP\/1\.1 (401|404|405|413) /
      await flat(() => Promise.all(Array.from({ length: 4 }, () => post(name, sent))), expected)
    })

    test('does not ask for a large body that is announced', async () => {
      await flat(async () => [await post(name, { headers: [EXPECT], body: PLAIN.subarray(0, 2 * MEGABYTE) })])
    })

    test('still answers', async () => {
      expect((await fetch(`${running[name].url}/healthz`)).status).toBe(200)
    })
  })
})
