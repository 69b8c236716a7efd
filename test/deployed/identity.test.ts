import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleFunctions } from '../support/bundles.ts'
import { type FakeCertificates, startFakeCertificates } from '../support/fake-certificates.ts'
import { type FunctionProcess, killFunction, spawnFunction } from '../support/function-process.ts'
import { type Json, readLog } from './requests.ts'

const AUDIENCE = 'https://almagest.example'

const ENVIRONMENT = `
identity: {audience: ["${AUDIENCE}"], requireCaller: true}
tap: {servers: {tap: {schemas: [a], databaseUrl: "postgresql://x@127.0.0.1:9/x"}}}
storage: {apiEndpoint: "http://127.0.0.1:9"}
results: {bucket: results, mode: delete, rules: {r: {kind: result, pattern: '^(?<job>r)$', retention: 7d}}}
`

/** A request that changes something; what it is answered once the caller is known, before anything else is reached. */
const REQUESTS = {
  'swap-schema': { path: '/servers/nowhere/rollback', accepted: 404 },
  'collect-results': { path: `/jobs/${'j'.repeat(300)}/destroy`, accepted: 400 },
} as const
type Name = keyof typeof REQUESTS
const NAMES = Object.keys(REQUESTS) as Name[]

let folder: string
let certificates: FakeCertificates
const running = {} as Record<Name, FunctionProcess>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almagest-test-'))
  certificates = await startFakeCertificates(folder)
  const bundles = await bundleFunctions()
  const file = join(folder, 'environment.yaml')
  await writeFile(file, ENVIRONMENT)
  const start = async (name: Name) => {
    const { variables } = certificates
    running[name] = await spawnFunction({ target: name, source: join(bundles, name), variables }, file)
  }
  await Promise.all(NAMES.map(start))
})

afterAll(async () => {
  await Promise.all(Object.values(running).map(killFunction))
  certificates?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function post(name: Name, token: string): Promise<{ status: number; body: Json }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const request = { method: 'POST', headers, body: '{"version":"x"}' }
  const answer = await fetch(running[name].url + REQUESTS[name].path, request)
  return { status: answer.status, body: (await answer.json()) as Json }
}

function claims(changes: object = {}): object {
  const now = Math.floor(Date.now() / 1000)
  const usual = { iss: 'https://accounts.google.com', aud: AUDIENCE, sub: '1', iat: now - 60, exp: now + 3000 }
  return { ...usual, email: 'operator@example.com', email_verified: true, ...changes }
}

const now = Math.floor(Date.now() / 1000)
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

describe.each(NAMES)('the bundle of %s', (name) => {
  test('says that it cannot verify a token while the certificates cannot be fetched', async () => {
    certificates.available = false
    expect(await post(name, certificates.sign(claims()))).toMatchObject({
      status: 503,
      body: { detail: [{ type: 'certificates' }] },
    })
    certificates.available = true
  })

  test('takes a token of Google, and fetches the certificates once', async () => {
    expect((await post(name, certificates.sign(claims()))).status).toBe(REQUESTS[name].accepted)
    await expect.poll(() => readLog(running[name]).at(-1)?.actor).toBe('operator@example.com')
    const asked = certificates.asked()
    await post(name, certificates.sign(claims()))
    expect(certificates.asked()).toBe(asked)
  })

  test.each([
    ['has expired', { iat: now - 7200, exp: now - 3600 }, 'it has expired'],
    ['is for another audience', { aud: 'https://other.example' }, 'it is for another audience'],
    ['has another issuer', { iss: 'https://issuer.example' }, 'it was not issued by Google'],
    ['is of tomorrow', { iat: now + 86_400, exp: now + 90_000 }, 'it is valid for longer than Google issues tokens'],
    ['is of the next hour', { iat: now + 3600, exp: now + 7200 }, 'it is not valid yet'],
    ['has an unverified address', { email_verified: false }, 'its e-mail address is not verified'],
  ])('refuses a signed token that %s', async (_, changes, reason) => {
    expect(await post(name, certificates.sign(claims(changes)))).toMatchObject({
      status: 401,
      body: { detail: [{ type: 'unauthorised', msg: `the identity token is refused: ${reason}` }] },
    })
  })

  test.each([
    ['claims to need no signature', stranger, { alg: 'none', kid: 'key1' }, 'its signature is wrong'],
    ['claims to be signed with a shared secret', stranger, { alg: 'HS256', kid: 'key1' }, 'its signature is wrong'],
    [
      'names a key that is unknown',
      stranger,
      { alg: 'RS256', kid: 'other' },
      'it is signed with a key that is not Google’s',
    ],
    [
      'names a member of every object',
      stranger,
      { alg: 'RS256', kid: 'constructor' },
      'it is signed with a key that is not Google’s',
    ],
    ['is signed by a stranger', stranger, { alg: 'RS256', kid: 'key1' }, 'its signature is wrong'],
    ['is signed on a curve', curve, { alg: 'ES256', kid: 'key1' }, 'it is not an identity token'],
  ])('refuses a token that %s', async (_, key, header, reason) => {
    const token = certificates.sign(claims(), key, header)
    expect(await post(name, token)).toMatchObject({
      status: 401,
      body: { detail: [{ type: 'unauthorised', msg: `the identity token is refused: ${reason}` }] },
    })
    expect(running[name].output()).not.toContain(token.split('.')[1])
  })
})
