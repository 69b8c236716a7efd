import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { ANONYMOUS, createIdentity, type RequestHeaders } from '../../shared/platform/identity.ts'
import {
  googleCertificates as certificates,
  encodeToken as encode,
  googleClaims,
  signToken as sign,
} from '../support/google-tokens.ts'

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })

const AUDIENCE = 'https://swap-schema.example.org'
const REMOVED = 'SIGNATURE_REMOVED_BY_GOOGLE'
const ON_PLATFORM = { K_SERVICE: 'swap-schema' }

const claims = (changes: Record<string, unknown> = {}) => googleClaims(AUDIENCE, changes)

function stripped(payload: unknown): string {
  return `${encode({ alg: 'RS256', kid: 'key1' })}.${encode(payload)}.${REMOVED}`
}

const bearer = (token: string): RequestHeaders => ({ authorization: [`Bearer ${token}`] })

const verifying = createIdentity({ audience: [AUDIENCE], trustPlatform: false }, { certificates, environment: {} })
const trusting = createIdentity(
  { audience: [AUDIENCE], trustPlatform: true },
  { certificates, environment: ON_PLATFORM },
)

async function refusal(answer: Promise<unknown>): Promise<HttpError> {
  const error = await answer.then(
    () => expect.unreachable('the token was accepted'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(HttpError)
  const refused = error as HttpError
  expect(refused.status).toBe(401)
  expect(refused.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
  return refused
}

describe('a token that Google signed', () => {
  test('names the caller', async () => {
    expect(await verifying(bearer(sign(claims())))).toEqual({
      email: 'ann@example.org',
      verified: true,
      actor: 'ann@example.org',
    })
  })

  test('may be for one of several audiences, or any where none is configured', async () => {
    const several = createIdentity({ audience: ['x', AUDIENCE], trustPlatform: false }, { certificates })
    expect((await several(bearer(sign(claims())))).email).toBe('ann@example.org')
    const any = createIdentity({ audience: [], trustPlatform: false }, { certificates })
    expect((await any(bearer(sign(claims({ aud: 'whatever' }))))).email).toBe('ann@example.org')
  })

  test('is read in any spelling of the scheme', async () => {
    expect((await verifying({ authorization: [`bearer  ${sign(claims())}`] })).email).toBe('ann@example.org')
    expect((await verifying({ authorization: `BEARER ${sign(claims())}` })).email).toBe('ann@example.org')
  })

  test('without an e-mail address is verified, and the actor is its subject', async () => {
    const token = sign(claims({ email: undefined, email_verified: undefined }))
    expect(await verifying(bearer(token))).toEqual({ email: null, verified: true, actor: 'subject 1234' })
  })

  const now = Math.floor(Date.now() / 1000)
  test.each([
    ['has expired', { iat: now - 7200, exp: now - 3600 }, 'it has expired'],
    ['is of the future', { iat: now + 3600, exp: now + 7200 }, 'it is not valid yet'],
    ['is for another audience', { aud: 'https://other.example.org' }, 'another audience'],
    ['is for a list of audiences', { aud: [AUDIENCE] }, 'another audience'],
    ['has another issuer', { iss: 'https://evil.example.org' }, 'not issued by Google'],
    ['has an unverified address', { email_verified: false }, 'not verified'],
    ['does not say that its address is verified', { email_verified: undefined }, 'not verified'],
    ['says it in words', { email_verified: 'true' }, 'not verified'],
    ['has an address that is none', { email: 'ann\n@example.org' }, 'not verified'],
    ['never ends', { exp: undefined }, 'not an identity token'],
  ])('but %s is refused', async (_, changes, reason) => {
    expect((await refusal(verifying(bearer(sign(claims(changes)))))).message).toContain(reason)
  })
})

describe('a token that Google did not sign', () => {
  test.each([
    ['a stranger signed it', sign(claims(), stranger.privateKey), 'its signature is wrong'],
    ['its key is unknown', sign(claims(), undefined, { alg: 'RS256', kid: 'other' }), 'not Google'],
    ['it has no key', sign(claims(), undefined, { alg: 'RS256' }), 'not Google'],
    ['it claims to need no signature', `${encode({ alg: 'none', kid: 'key1' })}.${encode(claims())}.AA`, 'signature'],
    ['it is an access token', 'ya29.a0AfH6SMBx-yz', 'identity token'],
    ['its payload is no object', sign([1]), 'not an identity token'],
    ['its payload is no JSON', 'YQ.YQ.YQ', 'not an identity token'],
  ])('is refused: %s', async (_, token, reason) => {
    const refused = await refusal(verifying(bearer(token)))
    expect(refused.message).toContain(reason)
    expect(refused.message).not.toContain(token)
  })

  test('is refused when its payload was changed after signing', async () => {
    const [header, , signature] = sign(claims()).split('.')
    await refusal(verifying(bearer(`${header}.${encode(claims({ email: 'root@example.org' }))}.${signature}`)))
  })
})

describe('a token whose signature the platform removed', () => {
  test('is trusted on the platform when the configuration says so', async () => {
    expect((await trusting(bearer(stripped(claims())))).actor).toBe('ann@example.org')
  })

  test.each([
    ['the configuration does not say so', { audience: [], trustPlatform: false }, ON_PLATFORM],
    ['this is not the platform', { audience: [], trustPlatform: true }, {}],
    ['this is not the platform (empty name)', { audience: [], trustPlatform: true }, { K_SERVICE: '' }],
  ])('is refused when %s', async (_, options, environment) => {
    const identity = createIdentity(options, { certificates, environment })
    expect((await refusal(identity(bearer(stripped(claims()))))).message).toContain('signature was removed')
  })

  test('must hold in everything else', async () => {
    await refusal(trusting(bearer(stripped(claims({ aud: 'other' })))))
    await refusal(trusting(bearer(stripped(claims({ email_verified: false })))))
    await refusal(trusting(bearer(stripped(claims({ iss: 'someone' })))))
    await refusal(trusting(bearer(stripped(claims({ exp: 1 })))))
    await refusal(trusting(bearer(stripped(claims({ exp: undefined })))))
  })

  test('does not make a signed one be believed unseen', async () => {
    await refusal(trusting(bearer(sign(claims(), stranger.privateKey))))
    await refusal(trusting(bearer(`${sign(claims(), stranger.privateKey)}${REMOVED}`)))
  })
})

describe('where a caller is required', () => {
  const requiring = createIdentity(
    { audience: [AUDIENCE], trustPlatform: true, requireCaller: true },
    { certificates, environment: ON_PLATFORM },
  )
  const changing = { changes: true }

  test('a change without a token is refused, and the answer says what to send', async () => {
    const refused = await requiring({}, changing).then(
      () => expect.unreachable('nobody was let through'),
      (error: unknown) => error as HttpError,
    )
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer realm="almagest"'])
    expect(refused.detail).toMatchObject([{ type: 'unauthorised', loc: ['header', 'authorization'] }])
    expect(refused.message).toContain('Authorization: Bearer')
  })

  test('reading needs no token, but one that is sent has to hold', async () => {
    expect(await requiring({}, { changes: false })).toEqual(ANONYMOUS)
    await refusal(requiring(bearer('a.b.c'), { changes: false }))
  })

  test('a verified caller may change something, with or without an e-mail address', async () => {
    expect((await requiring(bearer(stripped(claims())), changing)).actor).toBe('ann@example.org')
    expect((await requiring(bearer(sign(claims())), changing)).actor).toBe('ann@example.org')
    const robot = claims({ email: undefined, email_verified: undefined })
    expect((await requiring(bearer(sign(robot)), changing)).actor).toBe('subject 1234')
  })

  test('a token that names nobody is no caller', async () => {
    const nobody = claims({ email: undefined, email_verified: undefined, sub: undefined })
    expect((await refusal(requiring(bearer(sign(nobody)), changing))).message).toContain('names nobody')
  })
})

describe('the headers', () => {
  test('without a token make the caller unauthenticated', async () => {
    expect(await verifying({})).toEqual(ANONYMOUS)
    expect(ANONYMOUS).toEqual({ email: null, verified: false, actor: 'unauthenticated' })
  })

  test('may hold the token in X-Serverless-Authorization, which then is the only one that counts', async () => {
    const forged = `Bearer ${stripped(claims({ email: 'root@example.org' }))}`
    const proven = `Bearer ${stripped(claims())}`
    expect((await trusting({ authorization: [forged], 'x-serverless-authorization': [proven] })).actor).toBe(
      'ann@example.org',
    )
    await refusal(trusting({ authorization: [proven], 'x-serverless-authorization': ['nonsense'] }))
  })

  test.each([
    ['two tokens', [`Bearer ${sign(claims())}`, `Bearer ${sign(claims())}`]],
    ['two tokens in one', [`Bearer ${sign(claims())}, Bearer ${sign(claims())}`]],
    ['no scheme', [sign(claims())]],
    ['another scheme', ['Basic YW5uOnNlY3JldA==']],
    ['nothing after the scheme', ['Bearer ']],
    ['nothing', ['']],
    ['no value at all', []],
  ])('with %s are refused', async (_, values) => {
    await refusal(verifying({ authorization: values }))
  })
})

test('certificates that cannot be fetched are a transient failure, not a refusal', async () => {
  const down = createIdentity(
    { audience: [], trustPlatform: false },
    { certificates: () => Promise.reject(new Error('ECONNRESET')) },
  )
  await expect(down(bearer(sign(claims())))).rejects.toMatchObject({ code: 'certificates', permanent: false })
})
