import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { LocalQserv } from '../../local/qserv/server.ts'
import { HERON_EXAMPLES } from '../../local/sample/examples.ts'
import type { JobsUnderTest } from '../functions/tap-jobs-service.ts'
import { readAnswer } from '../functions/tap-service.ts'
import { HAS_STILTS, needs } from '../support/clients.ts'
import { HAS_PYVO, lintTap, SMOKE, STAGES, smokeTap } from './acceptance.ts'
import { startHeron } from './sky-service.ts'

let jobs: JobsUnderTest
let qserv: LocalQserv

beforeAll(async () => {
  const started = await startHeron()
  jobs = started.jobs
  qserv = started.qserv
})
afterEach(async () => {
  // What is left of the last query is removed beside its answer.
  await expect.poll(() => [...qserv.queries.live(), ...qserv.queries.unclaimed()]).toEqual([])
  qserv.assertClean()
})
afterAll(async () => {
  await jobs.stop()
  await qserv.stop()
})

test.each(HERON_EXAMPLES)('the example $name runs in Qserv, and finds something', async ({ query }) => {
  const before = qserv.requests.filter(({ route }) => route === 'submit').length
  const { rows, status } = readAnswer(await jobs.tap.query(query))
  expect([status, rows.length > 0]).toEqual(['OK', true])
  expect(qserv.requests.filter(({ route }) => route === 'submit')).toHaveLength(before + 1)
})

test.skipIf(!HAS_STILTS)(
  `taplint finds no error and nothing to warn of where Qserv answers${needs(HAS_STILTS, 'stilts')}`,
  async () => {
    const { reports, totals } = await lintTap(jobs.tap.url, STAGES)
    expect(reports).toEqual([])
    expect(totals).toMatchObject({ ERROR: 0, WARNING: 0, FAILURE: 0 })
  },
)

test.skipIf(!HAS_PYVO)(
  `pyvo does all that it can where Qserv answers${needs(HAS_PYVO, `pyvo or ${SMOKE}`)}`,
  async () => {
    const checks = await smokeTap(jobs.tap.url)
    const others = checks.filter(({ status }) => status !== 'PASS')
    expect(others).toEqual([expect.objectContaining({ name: 'uws.joblist', status: 'SKIP' })])
  },
)
