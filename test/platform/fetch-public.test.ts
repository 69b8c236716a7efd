import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFetchPublic } from '../../shared/platform/fetch-public.ts'
import { isPublicAddress } from '../../shared/platform/public-address.ts'

let server: http.Server
let host: string
/** What the server answers, and what it was asked. */
let answer: (request: http.IncomingMessage, response: http.ServerResponse) => void
let asked: { readonly url: string | undefined; readonly headers: http.IncomingHttpHeaders }[]

beforeEach(async () => {
  asked = []
  answer = (_, response) => response.end('hello')
  server = http.createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers })
    answer(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

interface Setting {
  readonly privateHosts?: readonly string[]
  readonly lookup?: LookupFunction
  readonly timeoutMs?: number
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

async function fetchText(url: string, setting: Setting = {}) {
  const { privateHosts = [host], timeoutMs = 60_000, maxBytes = 1000, lookup, signal } = setting
  const fetchPublic = createFetchPublic({ privateHosts, timeoutMs, ...(lookup === undefined ? {} : { lookup }) })
  const { contentType, content } = await fetchPublic(url, { maxBytes, ...(signal === undefined ? {} : { signal }) })
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return { contentType, text: Buffer.concat(parts).toString() }
}

/** A name that means these addresses, the first set of them at the first look-up. */
function names(...answers: readonly (readonly string[])[]): LookupFunction & { count: number } {
  const lookup: LookupFunction = (_, options, done) => {
    const found = answers[Math.min(counted.count, answers.length - 1)] ?? []
    counted.count++
    const addresses = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (options.all === true) done(null, addresses)
    else done(null, addresses[0]?.address ?? '', addresses[0]?.family)
  }
  const counted = Object.assign(lookup, { count: 0 })
  return counted
}

test('what lies at an address comes with its type, and no credentials are sent', async () => {
  answer = (_, response) => response.writeHead(200, { 'content-type': 'text/csv' }).end('a,b')
  expect(await fetchText(`http://${host}/x?y=1`)).toEqual({ contentType: 'text/csv', text: 'a,b' })
  const [first] = asked
  expect(first?.url).toBe('/x?y=1')
  expect(Object.keys(first?.headers ?? {}).sort()).toEqual([
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'user-agent',
  ])
})

const REFUSED = 'not on the public internet'

describe('addresses that are not public are refused, in every notation', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f.0.0.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://017700000001/',
    'http://0177.0.0.01/',
    'http://0/',
    'http://0.0.0.0/',
    'http://127.0.0.1./',
    'http://１２７.０.０.１/',
    'http://①②⑦.⓪.⓪.①/',
    'http://10.1.2.3/',
    'http://100.64.0.1/',
    'http://169.254.169.254/computeMetadata/v1/',
    'http://169.254.42.1/',
    'http://2852039166/latest/meta-data/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://192.0.0.192/',
    'http://192.0.2.1/',
    'http://198.18.0.1/',
    'http://198.51.100.7/',
    'http://203.0.113.9/',
    'http://224.0.0.1/',
    'http://239.255.255.250/',
    'http://240.0.0.1/',
    'http://255.255.255.255/',
    'https://127.0.0.1/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::127.0.0.1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[64:ff9b:1::1]/',
    'http://[2002:7f00:1::]/',
    'http://[2001:0:1::1]/',
    'http://[2001:db8::1]/',
    'http://[fc00::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://[fec0::1]/',
    'http://[ff02::1]/',
    'http://[100::1]/',
    'http://localhost/',
    'http://LOCALHOST/',
  ])('%s', async (url) => {
    await expect(fetchText(url)).rejects.toThrow(REFUSED)
    expect(asked).toEqual([])
  })
})

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '172.32.0.1',
  '100.128.0.1',
  '192.0.1.1',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450::1',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true)
})

test.each(['', 'x', '1.2.3', '::ffff:8.8.8.8', 'fe80::1%eth0'])('%j is no public address', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})

test('a name with one address that is not public is refused, however many others it has', async () => {
  for (const addresses of [['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['2606:4700::1111', '::1'], []]) {
    await expect(fetchText('http://files.example/', { lookup: names(addresses) })).rejects.toThrow(REFUSED)
  }
  expect(asked).toEqual([])
})

test('a name is looked up once a connection: what it means a moment later is not asked', async () => {
  const port = host.split(':')[1]
  const lookup = names(['127.0.0.1'], ['10.0.0.1'])
  expect((await fetchText(`http://files.example:${port}/`, { lookup, privateHosts: ['files.example'] })).text).toBe(
    'hello',
  )
  expect(lookup.count).toBe(1)
  // The second connection looks again, and is checked again.
  const rebound = names(['8.8.8.8'], ['127.0.0.1'])
  rebound.count = 1
  await expect(fetchText(`http://files.example:${port}/`, { lookup: rebound })).rejects.toThrow(REFUSED)
})

describe('redirects', () => {
  const redirect = (location: string) => {
    answer = (request, response) =>
      request.url === '/start' ? response.writeHead(302, { location }).end() : response.end('there')
  }

  test('are followed', async () => {
    redirect('/end')
    expect((await fetchText(`http://${host}/start`)).text).toBe('there')
  })

  test.each([
    ['http://169.254.169.254/', REFUSED],
    ['http://localhost/', REFUSED],
    ['//10.0.0.1/', REFUSED],
    ['file:///etc/passwd', 'only http and https are possible, not file'],
    ['gopher://127.0.0.1/', 'only http and https are possible, not gopher'],
    ['http://user:secret@example.org/', 'a URL with a user or password is not taken'],
    ['http://', 'it is not a URL'],
  ])('to %s are refused', async (location, expected) => {
    redirect(location)
    await expect(fetchText(`http://${host}/start`)).rejects.toThrow(expected)
    expect(asked.length).toBe(1)
  })

  test('without end are refused', async () => {
    redirect('/start')
    await expect(fetchText(`http://${host}/start`)).rejects.toThrow('redirects more than 5 times')
    expect(asked.length).toBe(6)
  })
})

describe('what cannot be fetched says why', () => {
  test.each([
    ['ftp://example.org/x', 'only http and https are possible, not ftp'],
    ['file:///etc/passwd', 'only http and https are possible, not file'],
    ['http://user@example.org/', 'a URL with a user or password is not taken'],
    ['nonsense', 'it is not a URL'],
    ['http://', 'it is not a URL'],
    ['http://exa mple/', 'it is not a URL'],
  ])('%s', async (url, expected) => {
    await expect(fetchText(url)).rejects.toThrow(expected)
  })

  test('another status', async () => {
    answer = (_, response) => response.writeHead(404).end('secret')
    await expect(fetchText(`http://${host}/`)).rejects.toThrow('answers with status 404, not 200')
  })

  test('a coding that nobody asked for', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-encoding': 'br' }).end('x')
    await expect(fetchText(`http://${host}/`)).rejects.toThrow('content-encoding "br"')
  })

  test('more bytes than the limit, announced', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-length': 1001 }).write('x')
    await expect(fetchText(`http://${host}/`)).rejects.toThrow('more than 1000 bytes')
  })

  test('more bytes than the limit, without end', async () => {
    answer = (_, response) => {
      const write = () => {
        while (response.write(Buffer.alloc(100)));
        response.once('drain', write)
      }
      write()
    }
    await expect(fetchText(`http://${host}/`)).rejects.toThrow('more than 1000 bytes')
  })

  test('a server that does not answer, and one that stops in the middle', async () => {
    answer = () => {}
    await expect(fetchText(`http://${host}/`, { timeoutMs: 100 })).rejects.toThrow('did not arrive within 0.1 s')
    answer = (_, response) => response.write('x')
    await expect(fetchText(`http://${host}/`, { timeoutMs: 300 })).rejects.toThrow('did not arrive within 0.3 s')
  })

  test('a connection that breaks off', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy())
    }
    await expect(fetchText(`http://${host}/`)).rejects.toThrow('the connection was lost')
  })

  test('a client that is gone', async () => {
    const controller = new AbortController()
    answer = () => controller.abort()
    await expect(fetchText(`http://${host}/`, { signal: controller.signal })).rejects.toThrow('the request was ended')
  })
})
