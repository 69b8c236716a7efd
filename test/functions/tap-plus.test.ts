import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type JobsUnderTest, startJobs } from './tap-jobs-service.ts'
import type { TapAnswer } from './tap-service.ts'

/**
 * What TapPlus of astroquery sends, and what it makes of the answers (astroquery.utils.tap; spec of TAP §1.2). It follows no
 * redirect by itself, finds elements by their prefix, and errors by a literal text.
 */

let jobs: JobsUnderTest

beforeAll(async () => {
  jobs = await startJobs({ keep: true })
})
afterAll(() => jobs.stop())

const QUERY = 'SELECT  TOP 2000 object_id, ra FROM survey.object WHERE object_id < 3 ORDER BY object_id'
const LAUNCH = { REQUEST: 'doQuery', LANG: 'ADQL', FORMAT: 'votable', tapclient: 'aqtappy-1.2.1', QUERY }

/** `check_launch_response_status`, and the last part of Location as the id. */
function jobOf({ status, headers }: TapAnswer): string {
  expect(status).toBe(303)
  return headers.location?.slice(headers.location.lastIndexOf('/') + 1) ?? ''
}

/** `wait_for_job_end`. */
async function phaseAtEnd(job: string): Promise<string> {
  await jobs.idle()
  const { status, text } = await jobs.tap.get(`/async/${job}/phase`)
  expect(status).toBe(200)
  return text.toUpperCase().trim()
}

/** `parse_http_response_error`. */
function errorOf({ text }: TapAnswer): string {
  const start = '<INFO name="QUERY_STATUS" value="ERROR">'
  const at = text.indexOf(start)
  return at < 0 ? '' : text.slice(at + start.length, text.indexOf('</INFO>', at))
}

/** `encode_multipart`: its boundary is neither quoted nor without `=`. */
function multipart(fields: Readonly<Record<string, string>>, part: string, file: string, content: string) {
  const boundary = '===1764263130123==='
  const texts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const body = `${texts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="${part}"; filename="${file}"\r\nContent-Type: application/octet-stream\r\n\r\n${content}\r\n--${boundary}--\r\n\r\n`
  return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, body }
}

const TABLE = `<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>
<FIELD name="id" datatype="long"/><DATA><TABLEDATA><TR><TD>1</TD></TR><TR><TD>2</TD></TR></TABLEDATA></DATA>
</TABLE></RESOURCE></VOTABLE>`

describe('launch_job_async', () => {
  test('starts the job with the request that makes it, and reads the result as it comes', async () => {
    const job = jobOf(await jobs.post('/async', { ...LAUNCH, PHASE: 'RUN', jobname: 'my job' }))
    expect(await phaseAtEnd(job)).toBe('COMPLETED')
    const result = await jobs.tap.get(`/async/${job}/results/result`)
    expect(result).toMatchObject({ status: 200, headers: { 'content-type': 'application/x-votable+xml' } })
    expect(result.text).toContain(' name="object_id"')
  })

  test('autorun=False: waits to be started by start(), which takes a 303', async () => {
    const job = jobOf(await jobs.post('/async', LAUNCH))
    expect(await phaseAtEnd(job)).toBe('PENDING')
    expect((await jobs.post(`/async/${job}/phase`, { PHASE: 'RUN' })).status).toBe(303)
    expect(await phaseAtEnd(job)).toBe('COMPLETED')
  })

  test('takes names of parameters in lower case', async () => {
    const small = Object.fromEntries(Object.entries({ ...LAUNCH, PHASE: 'RUN' }).map(([n, v]) => [n.toLowerCase(), v]))
    expect(await phaseAtEnd(jobOf(await jobs.post('/async', small)))).toBe('COMPLETED')
  })

  test('a query that is wrong is told by the error document, as it looks for it', async () => {
    const job = jobOf(
      await jobs.post('/async', { ...LAUNCH, PHASE: 'RUN', QUERY: 'SELECT nothing FROM survey.object' }),
    )
    expect(await phaseAtEnd(job)).toBe('ERROR')
    expect((await jobs.tap.get(`/async/${job}/results/result`)).status).toBe(404)
    expect(errorOf(await jobs.tap.get(`/async/${job}/error`))).toContain('There is no column nothing')
  })

  test('uploads a table under its own name', async () => {
    const fields = {
      ...LAUNCH,
      PHASE: 'RUN',
      FORMAT: 'csv',
      UPLOAD: 'mine,param:mine',
      QUERY: 'SELECT id FROM TAP_UPLOAD.mine ORDER BY id',
    }
    const job = jobOf(await jobs.tap.call('POST', '/async', multipart(fields, 'mine', 'pytable', TABLE)))
    expect(await phaseAtEnd(job)).toBe('COMPLETED')
    expect((await jobs.tap.get(`/async/${job}/results/result`)).text).toBe('id\r\n1\r\n2\r\n')
  })
})

describe('launch_job', () => {
  test('answers at once, with a name for the file', async () => {
    const { status, headers } = await jobs.post('/sync', { ...LAUNCH, PHASE: 'RUN', FORMAT: 'csv' })
    expect({ status, type: headers['content-type'] }).toEqual({
      status: 200,
      type: expect.stringMatching(/^text\/csv/),
    })
    expect(headers['content-disposition']).toContain('result.csv')
  })

  test('uploads a table', async () => {
    const fields = {
      ...LAUNCH,
      FORMAT: 'csv',
      UPLOAD: 'mine,param:mine',
      QUERY: 'SELECT id FROM TAP_UPLOAD.mine ORDER BY id',
    }
    const { status, text } = await jobs.tap.call('POST', '/sync', multipart(fields, 'mine', 'pytable', TABLE))
    expect({ status, text }).toEqual({ status: 200, text: 'id\r\n1\r\n2\r\n' })
  })

  test.each([
    [{ QUERY: 'SELECT nothing FROM survey.object' }, 'There is no column nothing'],
    [{ FORMAT: 'votable_gzip' }, 'there is no format'],
    [{ FORMAT: 'fits' }, 'there is no format'],
  ])('says what is wrong with %j where it looks for it', async (wrong, says) => {
    const answer = await jobs.post('/sync', { ...LAUNCH, ...wrong })
    expect([answer.status, errorOf(answer)]).toEqual([400, expect.stringContaining(says)])
  })

  test.each(['votable', 'votable/td', 'votable/b2', 'VOTABLE', 'csv', 'tsv'])('knows the format %s', async (FORMAT) => {
    expect((await jobs.post('/sync', { ...LAUNCH, FORMAT })).status).toBe(200)
  })
})

test('load_async_job and list_async_jobs find elements by their prefix', async () => {
  const job = jobOf(await jobs.post('/async', { ...LAUNCH, PHASE: 'RUN' }))
  await jobs.idle()
  const { text } = await jobs.tap.get(`/async/${job}`)
  expect(text).toContain(`<uws:jobId>${job}</uws:jobId>`)
  expect(text).toContain('<uws:phase>COMPLETED</uws:phase>')
  expect(text).toContain(`<uws:parameter id="QUERY">${QUERY.replace('<', '&lt;')}</uws:parameter>`)
  expect((await jobs.tap.get('/async')).text).toContain('<uws:jobs ')
})

test('load_tables: parameters of TAP+ that mean nothing here are ignored', async () => {
  for (const query of ['', '?only_tables=true&share_accessible=true', '?tables=survey.object']) {
    expect((await jobs.tap.get(`/tables${query}`)).status).toBe(200)
  }
})

test('send_parameter posts to the job itself, which UWS keeps for ACTION: the message says where instead', async () => {
  const job = jobOf(await jobs.post('/async', LAUNCH))
  const { status, text } = await jobs.post(`/async/${job}`, { QUERY: 'SELECT 1' })
  expect([status, text]).toEqual([400, expect.stringContaining(`${job}/parameters`)])
})
