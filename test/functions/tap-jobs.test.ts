import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { HAS_XSD, validateXml } from '../support/xsd.ts'
import { runLosing } from './run-losing.ts'
import { type JobsUnderTest, startJobs } from './tap-jobs-service.ts'
import { readAnswer } from './tap-service.ts'

const QUERY = { LANG: 'ADQL', QUERY: 'SELECT TOP 3 object_id, ra FROM survey.object ORDER BY object_id' }
const RUN = { ...QUERY, PHASE: 'RUN' }
const SLOW = {
  ...RUN,
  QUERY: 'SELECT COUNT(*) FROM survey.object AS a, survey.object AS b, survey.object AS c, survey.object AS d',
}

let jobs: JobsUnderTest

beforeAll(async () => {
  jobs = await startJobs({ keep: true })
})
afterAll(() => jobs.stop())
beforeEach(() => jobs.deliver('at once'))

const document = async (job: string) => (await jobs.tap.get(`/async/${job}`)).text
const objects = () => (jobs.gcs.store.objects('tap-results') ?? []).map(({ name }) => name)

/** Queries of the service that run in PostgreSQL. */
async function running(): Promise<number> {
  const { rows } = await jobs.tap.database.pool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where usename = $1 and state = 'active' and query like '%copy (%'`,
    [jobs.tap.login],
  )
  return rows[0]?.count ?? 0
}

async function executing(parameters = SLOW): Promise<string> {
  const job = await jobs.create(parameters)
  await vi.waitUntil(async () => (await jobs.phase(job)) === 'EXECUTING' && (await running()) > 0, { timeout: 60_000 })
  return job
}

describe('a query by way of a job', () => {
  test('UWS-1 is PENDING, runs when PHASE=RUN is posted, and its result is the one of a sync query', async () => {
    const job = await jobs.create(QUERY)
    expect(await jobs.phase(job)).toBe('PENDING')
    expect((await jobs.tap.get(`/async/${job}/results/result`)).status).toBe(404)
    expect(await jobs.post(`/async/${job}/phase`, { PHASE: 'RUN' })).toMatchObject({
      status: 303,
      headers: { location: `${jobs.tap.url}/async/${job}` },
    })
    expect(await jobs.end(job)).toBe('COMPLETED')
    const result = await jobs.tap.get(`/async/${job}/results/result`)
    expect(result.headers['content-type']).toBe('application/x-votable+xml')
    expect(readAnswer(result)).toMatchObject({ status: 'OK' })
    expect(result.text).toBe((await jobs.tap.query(QUERY.QUERY)).text)
  })

  test('UWS-2 starts at once with PHASE=RUN, in the format that was asked for', async () => {
    const job = await jobs.create({ ...RUN, FORMAT: 'csv' })
    expect(await jobs.end(job)).toBe('COMPLETED')
    const result = await jobs.tap.get(`/async/${job}/results/result`)
    expect(result.headers['content-type']).toMatch(/^text\/csv/)
    expect(result.text.split('\r\n').slice(0, 3)).toEqual(['object_id,ra', '0,0', '1,0.36'])
    expect(await document(job)).toContain(`size="${result.content.length}"`)
  })

  test('UWS-1 nothing about the query is looked at before it runs; what is wrong is an error of the job', async () => {
    const empty = await jobs.create({})
    expect(await jobs.phase(empty)).toBe('PENDING')
    for (const [wrong, says] of [
      [{ ...RUN, QUERY: 'SELECT nothing FROM survey.object' }, 'There is no column nothing'],
      [{ ...RUN, LANG: 'OOBLECK' }, 'there is no language'],
      [{ PHASE: 'RUN' }, 'LANG is missing'],
      [{ ...RUN, UPLOAD: 'a,param:b' }, 'a part called'],
    ] as const) {
      const job = await jobs.create(wrong)
      expect(await jobs.end(job)).toBe('ERROR')
      expect(await document(job)).toContain('<uws:errorSummary type="fatal" hasDetail="true">')
      const error = await jobs.tap.get(`/async/${job}/error`)
      expect(readAnswer(error)).toMatchObject({ status: 'ERROR' })
      expect(readAnswer(error).message).toContain(says)
      expect((await jobs.tap.get(`/async/${job}/results/result`)).status).toBe(404)
    }
  })

  test('UWS-17 tables come with it, are kept beside it, and go with it', async () => {
    const body = [
      ['UPLOAD', 'mine,param:table'],
      ['LANG', 'ADQL'],
      ['PHASE', 'RUN'],
      ['QUERY', 'SELECT x FROM TAP_UPLOAD.mine ORDER BY x'],
      ['FORMAT', 'csv'],
    ]
      .map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join('')
    const file =
      '--b\r\nContent-Disposition: form-data; name="table"; filename="t.csv"\r\nContent-Type: text/csv\r\n\r\nx\n2\n1\n\r\n'
    const created = await jobs.tap.call('POST', '/async', {
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: `${body}${file}--b--\r\n`,
    })
    const job = created.headers.location?.split('/').at(-1) ?? ''
    expect(await jobs.end(job)).toBe('COMPLETED')
    expect((await jobs.tap.get(`/async/${job}/results/result`)).text).toBe('x\r\n1\r\n2\r\n')
    expect((await jobs.tap.get(`/async/${job}/parameters/table`)).text).toBe('x\n2\n1\n')
    expect((await jobs.tap.get(`/async/${job}/parameters/other`)).status).toBe(404)
    expect(objects().filter((name) => name.includes(job))).toHaveLength(2)
    await jobs.tap.call('DELETE', `/async/${job}`)
    await jobs.watch()
    expect(objects().filter((name) => name.includes(job))).toEqual([])
  })

  test('UWS-22 RUNID is in the document and in the result', async () => {
    const job = await jobs.create({ ...RUN, RUNID: 'night 7' })
    await jobs.end(job)
    expect(await document(job)).toContain('<uws:runId>night 7</uws:runId>')
    expect((await jobs.tap.get(`/async/${job}/results/result`)).text).toContain('name="RUNID" value="night 7"')
    expect((await jobs.post('/async', { RUNID: 'x'.repeat(65) })).status).toBe(400)
    // Also of a job that has ended; what the query is cannot be changed any more.
    expect((await jobs.post(`/async/${job}/parameters`, { RUNID: 'night 8' })).status).toBe(303)
    expect((await jobs.tap.get(`/async/${job}`)).text).toContain('<uws:runId>night 8</uws:runId>')
    expect((await jobs.post(`/async/${job}/parameters`, { RUNID: 'x', MAXREC: '1' })).status).toBe(403)
  })
})

describe('ending a job', () => {
  test('UWS-12, CMN-7 an abort cancels the query within seconds, and it never becomes COMPLETED', async () => {
    const job = await executing()
    expect((await jobs.post(`/async/${job}/phase`, { PHASE: 'ABORT' })).status).toBe(303)
    expect(await jobs.phase(job)).toBe('ABORTED')
    expect(await jobs.end(job)).toBe('ABORTED')
    await vi.waitUntil(async () => (await running()) === 0, { timeout: 60_000 })
    expect(objects().filter((name) => name.includes(job))).toEqual([])
    const lines = jobs.log.filter((line) => line.job === job)
    expect(lines).toEqual([expect.objectContaining({ severity: 'INFO' })])
    expect((await jobs.post(`/async/${job}/phase`, { PHASE: 'RUN' })).status).toBe(403)
    expect((await jobs.post(`/async/${job}/phase`, { PHASE: 'ABORT' })).status).toBe(303)
  })

  test.each([
    ['is being written', null],
    ['is stored, and the answer of the store is still to come,', 0],
  ])('UWS-12 an abort while the result %s is no failure of the service', async (_what, bytes) => {
    jobs.gcs.inject({ kind: 'stall', bytes, match: /upload_id=/ })
    const before = jobs.gcs.requests.length
    const job = await jobs.create(RUN)
    const isWriting = () => jobs.gcs.requests.slice(before).some((request) => request.includes('upload_id='))
    await vi.waitUntil(isWriting, { timeout: 60_000 })
    await jobs.post(`/async/${job}/phase`, { PHASE: 'ABORT' })
    expect(await jobs.end(job)).toBe('ABORTED')
    expect(jobs.log.filter((line) => line.job === job)).toEqual([expect.objectContaining({ severity: 'INFO' })])
    expect(objects().filter((name) => name.includes(job))).toEqual([])
  })

  test.each(['DELETE', 'POST'])(
    'UWS-9 %s deletes it: the query is cancelled, and every address is 404',
    async (how) => {
      const job = await executing()
      const gone =
        how === 'DELETE'
          ? await jobs.tap.call('DELETE', `/async/${job}`)
          : await jobs.post(`/async/${job}`, { ACTION: 'DELETE' })
      expect(gone.status).toBe(303)
      expect(gone.headers.location).toMatch(/\/async\?LAST=\d+$/)
      for (const path of ['', '/phase', '/results', '/results/result', '/error', '/parameters']) {
        expect((await jobs.tap.get(`/async/${job}${path}`)).status).toBe(404)
      }
      expect((await jobs.tap.call('DELETE', `/async/${job}`)).status).toBe(404)
      await jobs.idle()
      expect(await running()).toBe(0)
    },
  )

  test('UWS-13 a job that runs longer than it may is ABORTED, and says why', async () => {
    const job = await jobs.create({ ...SLOW, EXECUTIONDURATION: '1' })
    expect(await jobs.end(job)).toBe('ABORTED')
    expect(readAnswer(await jobs.tap.get(`/async/${job}/error`)).message).toContain('longer than the 1 second')
    expect(await running()).toBe(0)
  })
})

describe('what a job is', () => {
  test('UWS-13, UWS-14, UWS-15, UWS-16, UWS-20 each property is text, and equal to the document', async () => {
    const job = await jobs.create(QUERY)
    await jobs.post(`/async/${job}/executionduration`, { EXECUTIONDURATION: '99999' })
    await jobs.post(`/async/${job}/destruction`, { DESTRUCTION: '2999-01-01T00:00:00Z' })
    const xml = await document(job)
    for (const [path, element] of [
      ['phase', 'phase'],
      ['executionduration', 'executionDuration'],
      ['destruction', 'destruction'],
      ['quote', 'quote'],
    ]) {
      const { text, headers } = await jobs.tap.get(`/async/${job}/${path}`)
      expect(headers['content-type']).toBe('text/plain; charset=utf-8')
      expect(xml).toContain(`<uws:${element}>${text}</uws:${element}>`)
    }
    expect((await jobs.tap.get(`/async/${job}/executionduration`)).text).toBe('540')
    expect((await jobs.tap.get(`/async/${job}/owner`)).text).toBe('')
    expect((await jobs.post(`/async/${job}/destruction`, { DESTRUCTION: 'soon' })).status).toBe(400)
    expect((await jobs.post(`/async/${job}/executionduration`, { EXECUTIONDURATION: '1.5' })).status).toBe(400)
    expect((await jobs.post(`/async/${job}/executionduration`, {})).status).toBe(400)
    expect((await jobs.post(`/async/${job}/executionduration`, { EXECUTIONDURATION: '' })).status).toBe(400)
    expect((await jobs.post(`/async/${job}`, { ACTION: 'RUN' })).status).toBe(400)
    expect((await jobs.post(`/async/${job}/phase`, { PHASE: 'WALK' })).status).toBe(400)
  })

  test('DALI 3 a parameter without a value counts as left out', async () => {
    const empty = { PHASE: '', EXECUTIONDURATION: '', DESTRUCTION: '', RUNID: '' }
    const job = await jobs.create({ ...QUERY, ...empty })
    expect(await document(job)).toContain('<uws:phase>PENDING</uws:phase>')
    for (const search of ['WAIT=', 'PHASE=', 'WAIT=&PHASE=']) {
      expect((await jobs.tap.get(`/async/${job}?${search}`)).status).toBe(200)
    }
    for (const search of ['PHASE=', 'AFTER=', 'LAST=', 'MODE=', 'SHARED=']) {
      expect((await jobs.tap.get(`/async?${search}`)).status).not.toBe(400)
    }
  })

  test('UWS-17, CMN-7 parameters are replaced while the job is PENDING, whatever the case of their names', async () => {
    const job = await jobs.create({ ...QUERY, runId: 'first' })
    expect((await jobs.post(`/async/${job}/parameters`, { query: 'SELECT 1', RunId: 'second' })).status).toBe(303)
    const xml = await document(job)
    expect(xml).toContain('<uws:parameter id="QUERY">SELECT 1</uws:parameter>')
    expect(xml.match(/second/g)).toHaveLength(2)
    expect(xml).not.toContain('first')
    await jobs.post(`/async/${job}/phase`, { PHASE: 'RUN' })
    expect((await jobs.post(`/async/${job}/parameters`, { query: 'SELECT 2' })).status).toBe(403)
  })

  test('UWS-17 a table that is sent again replaces the former one, and others are added', async () => {
    const job = await jobs.create(QUERY)
    for (const [name, content] of [
      ['a', 'x\n1\n'],
      ['a', 'x\n2\n'],
      ['b', 'y\n3\n'],
    ]) {
      const { status } = await jobs.tap.call('POST', `/async/${job}/parameters`, {
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
        body: `--b\r\nContent-Disposition: form-data; name="${name}"; filename="t.csv"\r\n\r\n${content}\r\n--b--\r\n`,
      })
      expect(status).toBe(303)
    }
    expect((await jobs.tap.get(`/async/${job}/parameters/a`)).text).toBe('x\n2\n')
    expect((await jobs.tap.get(`/async/${job}/parameters/b`)).text).toBe('y\n3\n')
  })

  test.skipIf(!HAS_XSD)('UWS-7 its documents are valid in every phase', async () => {
    const job = await jobs.create(RUN)
    await jobs.end(job)
    for (const path of [`/async/${job}`, `/async/${job}/results`, `/async/${job}/parameters`, '/async']) {
      const { text, headers } = await jobs.tap.get(path)
      expect(headers['content-type']).toBe('text/xml; charset=utf-8')
      await validateXml(text)
    }
  })

  test('UWS-6 the list shows nobody the jobs of those who have no name', async () => {
    await jobs.create(QUERY)
    expect((await jobs.tap.get('/async')).text).not.toContain('jobref')
    for (const wrong of ['LAST=0', 'LAST=x', 'AFTER=soon', 'PHASE=WALKING']) {
      expect((await jobs.tap.get(`/async?${wrong}`)).status).toBe(400)
    }
  })

  test('a job without an owner has events for all who have its address, and cannot be shared', async () => {
    const job = await jobs.create(QUERY)
    const { events } = JSON.parse((await jobs.tap.get(`/async/${job}/events`)).text)
    expect(events).toMatchObject([{ event: 'JOB_CREATED', type: 'job', item: job, owner: null }])
    expect(JSON.parse((await jobs.tap.get(`/async/${job}/share`)).text)).toEqual({ shares: [] })
    const refused = await jobs.post(`/async/${job}/share`, { USER: 'ann' })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('has no owner')])
    expect(JSON.parse((await jobs.tap.get('/notifications')).text)).toEqual({ notifications: [] })
    expect(JSON.parse((await jobs.tap.get('/quota')).text)).toMatchObject({ limits: {}, usage: { sync: 0 } })
    expect((await jobs.tap.get('/async?SHARED=true&MODE=sync')).text).not.toContain('jobref')
  })

  test.each([{ QUERY: 'SELECT \0' }, { 'a\0b': 'x' }, { RUNID: 'a\0' }, { PHASE: '\0' }, { DESTRUCTION: '\0' }])(
    'a character that no table can keep is refused: %j',
    async (parameters) => {
      expect((await jobs.post('/async', parameters as Record<string, string>)).status).toBe(400)
      const job = await jobs.create(QUERY)
      expect((await jobs.post(`/async/${job}/parameters`, parameters as Record<string, string>)).status).toBe(400)
    },
  )

  test('CMN-6 what is not there is 404', async () => {
    expect((await jobs.tap.get(`/async/${'0'.repeat(32)}`)).status).toBe(404)
    expect((await jobs.tap.get(`/async/%00`)).status).toBe(404)
    expect((await jobs.post(`/async/none/phase`, { PHASE: 'RUN' })).status).toBe(404)
  })
})

describe('UWS-8: WAIT', () => {
  test('answers when the job has ended, and at once where there is nothing to wait for', async () => {
    const job = await executing()
    const waiting = jobs.tap.get(`/async/${job}?WAIT=-1`)
    await jobs.post(`/async/${job}/phase`, { PHASE: 'ABORT' })
    expect((await waiting).text).toContain('<uws:phase>ABORTED</uws:phase>')
    expect((await jobs.tap.get(`/async/${job}?WAIT=-1`)).text).toContain('ABORTED')
    const pending = await jobs.create(QUERY)
    expect((await jobs.tap.get(`/async/${pending}?WAIT=20&PHASE=QUEUED`)).text).toContain('PENDING')
    expect((await jobs.tap.get(`/async/${pending}?WAIT=0`)).text).toContain('PENDING')
    expect((await jobs.tap.get(`/async/${pending}?WAIT=1.5`)).status).toBe(400)
  })
})

describe('messages and workers', () => {
  test('a statement about a job that is lost, or whose answer is, costs no job, whichever it is', async () => {
    const tryStep = async (step: number, isDone: boolean) => {
      const { job, steps } = await runLosing(jobs, RUN, step, isDone)
      expect([step, isDone, await jobs.end(job)]).toEqual([step, isDone, 'COMPLETED'])
      const answer = await jobs.tap.get(`/async/${job}/results/result`)
      expect(readAnswer(answer).rows).toHaveLength(3)
      return steps
    }
    const steps = await tryStep(0, true)
    expect(steps).toBeGreaterThan(3)
    for (let step = 1; step <= steps; step++) {
      for (const isDone of [false, true]) await tryStep(step, isDone)
    }
  })

  test('a message that comes twice runs the query once', async () => {
    jobs.deliver('never')
    const job = await jobs.create(RUN)
    await Promise.all([jobs.run(job), jobs.run(job), jobs.run(job)])
    await jobs.run(job)
    expect(await jobs.phase(job)).toBe('COMPLETED')
    expect(objects().filter((name) => name.includes(job))).toHaveLength(1)
  })

  test('a message that Pub/Sub does not take is sent by the watcher, and the client sees QUEUED', async () => {
    jobs.deliver('fail')
    const job = await jobs.create(RUN)
    expect(await jobs.phase(job)).toBe('QUEUED')
    await expect(jobs.watch()).rejects.toThrow('Pub/Sub is away')
    jobs.deliver('at once')
    expect((await jobs.watch()).sent).toBeGreaterThan(0)
    expect(await jobs.end(job)).toBe('COMPLETED')
  })

  test('a job whose worker died runs again, and its former attempt changes nothing', async () => {
    jobs.deliver('never')
    const job = await jobs.create(RUN)
    const { pool } = jobs.tap.database
    await pool.query(
      `update uws.job set phase = 'EXECUTING', fence = fence + 1, lease_until = now() - interval '1 s' where id = $1`,
      [job],
    )
    jobs.deliver('at once')
    expect(await jobs.watch()).toMatchObject({ silent: 1, sent: 1 })
    expect(await jobs.end(job)).toBe('COMPLETED')
    expect(objects().filter((name) => name.includes(job))).toEqual([
      expect.stringMatching(new RegExp(`^r/${job.slice(0, 2)}/${job}/2/result\\.vot$`)),
    ])
  })

  test('a store that fails leaves the job queued, to be delivered again', async () => {
    jobs.deliver('never')
    const job = await jobs.create(RUN)
    jobs.gcs.inject({ kind: 'status', status: 503, match: /uploadType=resumable/ })
    await expect(jobs.run(job)).rejects.toMatchObject({ code: 'storage' })
    expect(await jobs.phase(job)).toBe('QUEUED')
  })

  test('a job whose objects cannot be deleted holds back neither the others nor their events', async () => {
    const [kept, gone] = [await jobs.create(RUN), await jobs.create(RUN)]
    await jobs.idle()
    jobs.deliver('fail')
    for (const job of [kept, gone]) await jobs.post(`/async/${job}`, { ACTION: 'DELETE' })
    jobs.deliver('at once')
    const before = jobs.published.length
    jobs.gcs.inject({ kind: 'status', status: 403, match: new RegExp(kept) })
    await expect(jobs.watch()).rejects.toThrow('403')
    expect(objects().some((name) => name.includes(kept))).toBe(true)
    expect(objects().some((name) => name.includes(gone))).toBe(false)
    expect(jobs.published.length).toBeGreaterThan(before)
    await jobs.watch()
    expect(objects().some((name) => name.includes(kept))).toBe(false)
  })

  test('UWS-14 a job past its destruction goes with its result', async () => {
    const job = await jobs.create(RUN)
    expect(await jobs.end(job)).toBe('COMPLETED')
    await jobs.post(`/async/${job}/destruction`, { DESTRUCTION: '2001-01-01' })
    expect((await jobs.watch()).due).toBe(1)
    expect((await jobs.tap.get(`/async/${job}`)).status).toBe(404)
    expect(objects().filter((name) => name.includes(job))).toEqual([])
    const { rowCount } = await jobs.tap.database.pool.query('select from uws.job where id = $1', [job])
    expect(rowCount).toBe(0)
  })
})

test('a service without jobs says so, and where to send the query', async () => {
  const { startTap } = await import('./tap-service.ts')
  const tap = await startTap()
  const answer = await tap.call('POST', '/async', {})
  expect(answer.status).toBe(501)
  expect(answer.text).toContain(`${tap.url}/sync`)
})
