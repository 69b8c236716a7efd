import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { type Mounts, PortError, startFront } from '../../local/front.ts'
import { signIn } from '../../local/neighbours.ts'

/** A function that answers with the path that it was called by. */
function echo(name: string) {
  return createServer((request, response) => response.end(`${name} ${request.method} ${request.url}`))
}

async function start(mounts: Mounts) {
  const front = await startFront(mounts, { port: 0, orNext: false })
  onTestFinished(front.stop)
  return front
}

test.for([
  ['/one/servers/tap?x=1', 'one GET /servers/tap?x=1'],
  ['/two/a%2Fb/one/c', 'two GET /a%2Fb/one/c'],
  ['/one', 'one GET /'],
  ['/one/', 'one GET /'],
  ['/one?x=/two', 'one GET /?x=/two'],
])('%s is passed on without the prefix', async ([path, answer]) => {
  const { url } = await start(
    new Map([
      ['/one', echo('one')],
      ['/two', echo('two')],
    ]),
  )
  expect(await (await fetch(url + path)).text()).toBe(answer)
})

test('a request without a token to a TAP service is that of the local user; no other is changed', async () => {
  const asked = createServer(({ headersDistinct, headers }, response) =>
    response.end(JSON.stringify([headers.authorization, headersDistinct.authorization])),
  )
  const mounts = new Map([
    ['/tap', asked],
    ['/other', asked],
  ])
  const front = await startFront(mounts, { port: 0, orNext: false }, new Map([['/tap', signIn]]))
  onTestFinished(front.stop)
  const ask = async (path: string, headers = {}) => (await fetch(front.url + path, { headers })).json()
  expect(await ask('/tap/x')).toEqual(['Bearer you', ['Bearer you']])
  expect(await ask('/tap', { authorization: 'Bearer ann' })).toEqual(['Bearer ann', ['Bearer ann']])
  expect(await ask('/other')).toEqual([null, null])
})

test('a path of no function is answered with their names', async () => {
  const { url } = await start(new Map([['/one', echo('one')]]))
  for (const path of ['/', '/onerous/x', '/%2Fone']) {
    const answer = await fetch(url + path)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ detail: [{ type: 'not_found', msg: expect.stringContaining('/one') }] })
  }
})

test('a port that is taken is passed over, unless it was asked for', async () => {
  const first = await start(new Map())
  const port = Number(new URL(first.url).port)
  const next = await startFront(new Map(), { port, orNext: true })
  onTestFinished(next.stop)
  expect(Number(new URL(next.url).port)).toBeGreaterThan(port)
  await expect(startFront(new Map(), { port, orNext: false })).rejects.toThrow(PortError)
})
