import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type JobsUnderTest, startJobs } from './tap-jobs-service.ts'

const RUN = {
  ...{ LANG: 'ADQL', PHASE: 'RUN', FORMAT: 'csv' },
  QUERY: 'SELECT TOP 2 object_id FROM survey.object ORDER BY object_id',
}
const ADA = { 'x-auth-request-user': 'ada' }
const BEA = { 'x-auth-request-user': 'bea' }

let jobs: JobsUnderTest

beforeAll(async () => {
  jobs = await startJobs({
    ...{ keep: true, jobs: ['delivery: redirect'], environment: 'discovery: {trustedProxy: true}\n' },
    service: ['access: {type: gafaelfawr, scopes: []}'],
  })
})
afterAll(() => jobs.stop())

async function completed(): Promise<string> {
  const job = await jobs.create(RUN, ADA)
  await jobs.idle()
  return `/async/${job}/results/result`
}

describe('UWS-18 a result that lies at a signed address', () => {
  test('is where the service sends its owner, and can be read without a login', async () => {
    const { status, headers, text } = await jobs.tap.get(await completed(), ADA)
    expect([status, text, headers['cache-control']]).toEqual([303, '', 'no-store'])
    const answer = await fetch(headers.location ?? '')
    expect(answer.headers.get('content-type')).toMatch(/^text\/csv/)
    expect(await answer.text()).toBe('object_id\r\n0\r\n1\r\n')
    const parameters = new URL(headers.location ?? '').searchParams
    expect(parameters.get('generation')).toMatch(/^\d+$/)
    expect(Number(parameters.get('X-Goog-Expires'))).toBeLessThanOrEqual(300)
  })

  test('is told to nobody else', async () => {
    const path = await completed()
    expect((await jobs.tap.get(path, BEA)).status).toBe(403)
    expect((await jobs.tap.get(path)).status).toBe(401)
  })

  test.each([
    ['another object', /result\.csv/, 'other.csv', 403],
    ['another generation', /generation=\d+/, 'generation=1', 403],
    ['a longer time', /X-Goog-Expires=\d+/, 'X-Goog-Expires=999999', 403],
    ['another signature', /Signature=\w{4}/, 'Signature=0000', 403],
  ])('does not hold for %s', async (_what, part, other, status) => {
    const { location = '' } = (await jobs.tap.get(await completed(), ADA)).headers
    expect((await fetch(location.replace(part, other))).status).toBe(status)
  })

  test('is gone with the job', async () => {
    const path = await completed()
    const { location = '' } = (await jobs.tap.get(path, ADA)).headers
    await jobs.tap.call('DELETE', path.replace('/results/result', ''), { headers: ADA })
    await jobs.watch()
    expect((await fetch(location)).status).toBe(404)
    expect((await jobs.tap.get(path, ADA)).status).toBe(404)
  })

  test('comes through the service while nothing can be signed, and the log says what is missing', async () => {
    const path = await completed()
    jobs.gcs.inject({ kind: 'status', status: 403, match: /signBlob/ })
    const { status, text } = await jobs.tap.get(path, ADA)
    expect([status, text]).toEqual([200, 'object_id\r\n0\r\n1\r\n'])
    const message = expect.stringContaining('roles/iam.serviceAccountTokenCreator')
    expect(jobs.tap.log).toContainEqual(expect.objectContaining({ severity: 'ERROR', message }))
  })
})
