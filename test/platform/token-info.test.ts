import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createTokenInfo, TokenInfoError } from '../../shared/platform/token-info.ts'
import { tokenUser } from '../support/token-user.ts'

/** Gafaelfawr's endpoint, with an answer that the test decides on, and a clock that it turns. */
async function start(answer: { status: number; body: unknown }, user?: { status: number; body: unknown }) {
  const asked: unknown[] = []
  const state = { now: 1_000_000, answer, user, asked }
  const server = http.createServer((request, response) => {
    asked.push(request.headers.authorization)
    const { status, body } = request.url?.endsWith('user-info') ? (state.user ?? state.answer) : state.answer
    response.writeHead(status, { 'content-type': 'application/json', location: '/login' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth/api/v1`
  const userInfoUrl = user === undefined ? null : `${base}/user-info`
  const options = { url: `${base}/token-info`, userInfoUrl, now: () => state.now, lifetimeMs: 30_000 }
  return { state, server, lookUp: createTokenInfo(options) }
}

const ALICE = { token: 'abc', username: 'alice', token_type: 'user', scopes: ['read:tap'], expires: null }

test('a token is looked up with itself, and the answer kept for a moment', async () => {
  const { state, lookUp } = await start({ status: 200, body: ALICE })
  const answers = await Promise.all([lookUp('gt-1'), lookUp('gt-1'), lookUp('gt-1')])
  expect(answers).toEqual(Array(3).fill(tokenUser('alice', ['read:tap'])))
  state.now += 29_999
  await lookUp('gt-1')
  expect(state.asked).toEqual(['Bearer gt-1'])
  state.answer = { status: 401, body: '' }
  state.now += 1
  expect(await lookUp('gt-1')).toBeUndefined()
})

const GROUPS = { groups: [{ name: 'astro', id: 7 }, { name: 'staff' }] }
const QUOTA = { quota: { api: { tap: 500 }, tap: { qserv: { concurrent: 5 }, other: {} }, notebook: null } }

test('groups and quotas come with the answer, or from the user service', async () => {
  const expected = { username: 'alice', groups: ['astro', 'staff'], concurrent: new Map([['qserv', 5]]) }
  const whole = await start({ status: 200, body: { ...ALICE, ...GROUPS, ...QUOTA } })
  expect(await whole.lookUp('gt-1')).toMatchObject(expected)
  const apart = await start(
    { status: 200, body: ALICE },
    { status: 200, body: { username: 'alice', ...GROUPS, ...QUOTA } },
  )
  expect(await apart.lookUp('gt-1')).toMatchObject(expected)
  expect(apart.state.asked).toEqual(['Bearer gt-1', 'Bearer gt-1'])
  const names = await start({ status: 200, body: { ...ALICE, groups: ['astro', 3, {}], quota: { tap: [] } } })
  expect(await names.lookUp('gt-1')).toMatchObject({ groups: ['astro'], concurrent: new Map() })
})

test('a user service that knows no such token, or another user, opens nothing', async () => {
  const unknown = await start({ status: 200, body: ALICE }, { status: 401, body: '' })
  expect(await unknown.lookUp('gt-1')).toBeUndefined()
  const other = await start({ status: 200, body: ALICE }, { status: 200, body: { username: 'bob' } })
  await expect(other.lookUp('gt-1')).rejects.toThrow(TokenInfoError)
  const down = await start({ status: 200, body: ALICE }, { status: 500, body: '' })
  await expect(down.lookUp('gt-1')).rejects.toThrow(TokenInfoError)
})

test('an answer does not outlive the token', async () => {
  const { state, lookUp } = await start({ status: 200, body: { ...ALICE, expires: 1_010 } })
  expect(await lookUp('gt-1')).toMatchObject({ username: 'alice' })
  state.now = 1_010_000
  expect(await lookUp('gt-1')).toBeUndefined()
  expect(state.asked).toHaveLength(2)
})

test.each([401, 403])(
  'a token that is refused with %i is not valid, and may be asked about again soon',
  async (status) => {
    const { state, lookUp } = await start({ status, body: { detail: [] } })
    expect(await lookUp('gt-1')).toBeUndefined()
    state.answer = { status: 200, body: ALICE }
    expect(await lookUp('gt-1')).toBeUndefined()
    state.now += 5_000
    expect(await lookUp('gt-1')).toMatchObject({ username: 'alice' })
  },
)

test.each([
  [500, ''],
  [302, ''],
  [404, ''],
  [200, 'not JSON secret'],
  [200, '[]'],
  [200, { username: '', scopes: [] }],
  [200, { username: 'a b', scopes: [] }],
  [200, { username: 'alice', scopes: 'all' }],
  [200, { username: 'alice', scopes: [1] }],
  [200, { username: 'alice', scopes: [], expires: 'soon' }],
  [200, 'x'.repeat(70_000)],
])('an answer that is not clear (%i %j) opens nothing and is not kept', async (status, body) => {
  const { state, lookUp } = await start({ status, body })
  const error = await lookUp('gt-secret').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TokenInfoError)
  expect(error).toMatchObject({ permanent: false })
  expect((error as Error).message).not.toContain('secret')
  state.answer = { status: 200, body: ALICE }
  expect(await lookUp('gt-secret')).toMatchObject({ username: 'alice' })
})

test('a service that is down opens nothing', async () => {
  const { server, lookUp } = await start({ status: 200, body: ALICE })
  server.closeAllConnections()
  server.close()
  await expect(lookUp('gt-1')).rejects.toThrow(TokenInfoError)
})
