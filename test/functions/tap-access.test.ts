import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { googleCertificates, googleClaims, signToken } from '../support/google-tokens.ts'
import { tokenUser } from '../support/token-user.ts'
import { readAnswer, startTap, TABLEDATA, type TapUnderTest } from './tap-service.ts'

const QUERY = 'SELECT COUNT(*) AS n FROM survey.object'
const SYNC = `/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY, ...TABLEDATA })}`

describe('a service for users of Gafaelfawr', () => {
  let tap: TapUnderTest
  beforeAll(async () => {
    tap = await startTap({
      keep: true,
      service: [
        'access: {type: gafaelfawr, scopes: [read:tap]}',
        'examples: [{name: All, query: SELECT 1 AS a FROM survey.object}]',
      ],
      environment: 'discovery: {tokenInfoUrl: "https://data.example.org/token-info"}\n',
      dependencies: {
        lookUpToken: async (token) =>
          token === 'good' ? tokenUser('ann', ['read:tap']) : token === 'poor' ? tokenUser('bob') : undefined,
      },
    })
  })
  afterAll(() => tap.stop())

  test.each([
    ['a bearer token', 'Bearer good'],
    ['the token as a password', `Basic ${btoa('ann:good')}`],
    ['the token as a name', `Basic ${btoa('good:x-oauth-basic')}`],
  ])('CMN-8 answers %s, whose user is in the log', async (_what, authorization) => {
    const answer = await tap.get(SYNC, { authorization })
    expect(readAnswer(answer).texts, answer.text).toEqual([['1000']])
    expect((await tap.get('/tables', { authorization })).status).toBe(200)
    await expect.poll(() => tap.log.map(({ actor }) => actor)).toContain('ann')
  })

  test.each([
    ['nobody', {}, 401, /a token is needed/],
    ['a token that is none', { authorization: 'Bearer bad' }, 401, /not valid/],
    ['a user without the scope', { authorization: 'Bearer poor' }, 403, /bob lacks the scope read:tap/],
    ['a header that only a proxy may set', { 'x-auth-request-user': 'ann' }, 401, /a token is needed/],
    ['a password that holds no token', { authorization: `Basic ${btoa('a:b c')}` }, 401, /does not hold/],
  ])('CMN-8 refuses %s', async (_what, headers, status, says) => {
    const answer = await tap.get(SYNC, headers)
    expect([answer.status, readAnswer(answer).message]).toEqual([status, expect.stringMatching(says)])
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="tap"/)
    expect((await tap.get('/tables', headers)).status).toBe(status)
  })

  test('CMN-10 says to everybody what it is and whether it works', async () => {
    for (const path of ['/capabilities', '/availability', '/', '/examples'])
      expect([path, (await tap.get(path)).status]).toEqual([path, 200])
    expect((await tap.get('/capabilities')).text).toContain('securityMethod')
    expect((await tap.get('/')).text).toContain('Authorization: Bearer $TOKEN')
  })

  test('lets scripts of other pages send a token', async () => {
    const headers = { origin: 'https://web.example', 'access-control-request-method': 'GET' }
    const { headers: allowed } = await tap.call('OPTIONS', '/sync', { headers })
    expect(allowed['access-control-allow-headers']).toContain('authorization')
  })
})

describe('a service for users of Google', () => {
  const AUDIENCE = 'https://data.example.org/tap'
  const open = (allow: string) =>
    startTap({
      service: [`access: {type: google, audience: ["${AUDIENCE}"]${allow}}`],
      dependencies: { googleIdentity: { certificates: googleCertificates } },
    })
  const as = (claims: object) => ({ authorization: `Bearer ${signToken(claims)}` })

  test('answers those who are allowed, by address or domain, and calls them by their addresses', async () => {
    const tap = await open(', allow: [bea@other.example, "@Example.org"]')
    for (const [status, headers] of [
      [200, as(googleClaims(AUDIENCE))],
      [200, as(googleClaims(AUDIENCE, { email: 'Bea@other.example' }))],
      [403, as(googleClaims(AUDIENCE, { email: 'carl@other.example' }))],
      [403, as(googleClaims(AUDIENCE, { email: 'ann@evil-example.org' }))],
      [403, as(googleClaims(AUDIENCE, { email: undefined }))],
      [401, as(googleClaims(AUDIENCE, { email_verified: false }))],
      [401, as(googleClaims('https://elsewhere.example'))],
      [401, {}],
      [401, { authorization: 'Bearer abc' }],
    ] as const) {
      expect([headers, (await tap.get(SYNC, headers)).status]).toEqual([headers, status])
    }
    expect((await tap.get(SYNC)).headers['www-authenticate']).toMatch(/^Bearer/)
    await expect.poll(() => tap.log.map(({ actor }) => actor)).toContain('ann@example.org')
  })

  test('answers everybody with an account where nobody is listed', async () => {
    const tap = await open('')
    expect((await tap.get(SYNC, as(googleClaims(AUDIENCE, { email: 'carl@other.example' })))).status).toBe(200)
    expect((await tap.get(SYNC)).status).toBe(401)
    expect((await tap.get('/capabilities')).status).toBe(200)
  })
})

test('a proxy in front says who asks, where the environment trusts it', async () => {
  const tap = await startTap({
    service: ['access: {type: gafaelfawr, scopes: [read:tap]}'],
    environment: 'discovery: {trustedProxy: true}\n',
  })
  expect((await tap.get(SYNC, { 'x-auth-request-user': 'ann' })).status).toBe(200)
  expect((await tap.get(SYNC)).status).toBe(401)
})

test('scripts of those pages alone may read answers that the environment lists', async () => {
  const tap = await startTap({ service: ['cors: ["https://web.example"]'] })
  const originOf = async (origin: string, path = SYNC) => (await tap.get(path, { origin })).headers
  expect(await originOf('https://web.example')).toMatchObject({
    'access-control-allow-origin': 'https://web.example',
    vary: 'origin',
  })
  const refused = await originOf('https://evil.example')
  expect([refused['access-control-allow-origin'], refused.vary]).toEqual([undefined, 'origin'])
  expect((await originOf('https://web.example', '/tables')).vary).toBe('accept-encoding, origin')
  expect((await originOf('https://web.example', '/sync'))['access-control-allow-origin']).toBe('https://web.example')
  const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'GET' }
  expect((await tap.call('OPTIONS', '/sync', { headers: preflight })).headers).not.toHaveProperty(
    'access-control-allow-methods',
  )
})
