import { afterEach, describe, expect, test, vi } from 'vitest'
import { openDeployment } from '../../shared/deployment/deployment.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { writeEnvironment } from '../support/function-process.ts'

afterEach(() => vi.unstubAllEnvs())

async function deploy(environment: string, service: string | undefined) {
  vi.stubEnv('ALMAGEST_ENVIRONMENT', await writeEnvironment(environment))
  vi.stubEnv('K_SERVICE', service)
  return openDeployment('swap-schema', createLogger({ write: () => {} }))
}

describe('who may change something without a token', () => {
  test.each([
    ['nobody in Cloud Run', '{}', 'swap-schema', 'refused'],
    ['nobody in Cloud Run that verifies tokens itself', 'identity: {trustPlatform: true}', 'swap-schema', 'refused'],
    ['everybody on a machine of one’s own', '{}', undefined, 'unauthenticated'],
    ['everybody where the platform has no name', '{}', '', 'unauthenticated'],
    ['nobody where a caller is required', 'identity: {requireCaller: true}', undefined, 'refused'],
    ['everybody where none is required', 'identity: {require_caller: false}', 'swap-schema', 'unauthenticated'],
  ])('%s', async (_who, environment, service, expected) => {
    const { identify } = await deploy(environment, service)
    const answer = await identify({}, { changes: true }).then(
      ({ actor }) => actor,
      (error: unknown) => error,
    )
    if (expected !== 'refused') return expect(answer).toBe(expected)
    expect(answer).toBeInstanceOf(HttpError)
    expect((answer as HttpError).status).toBe(401)
    expect((await identify({}, { changes: false })).actor).toBe('unauthenticated')
  })
})
