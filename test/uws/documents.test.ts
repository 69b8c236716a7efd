import { describe, expect, test } from 'vitest'
import type { Job } from '../../shared/uws/job.ts'
import { quoteOf, writeJob, writeJobs, writeParameters, writeResults } from '../../shared/uws/write-job.ts'
import { HAS_XSD, NEEDS_XSD, validateXml } from '../support/xsd.ts'

const CREATED = new Date('2026-11-27T05:43:59.012Z')
const LINKS = { url: 'https://data.example.org/tap/async/0af3' }

const PENDING: Job = {
  id: '0af3',
  mode: 'async',
  server: 'tap',
  owner: null,
  runId: null,
  phase: 'PENDING',
  created: CREATED,
  started: null,
  ended: null,
  executionSeconds: 60,
  destruction: new Date('2026-12-04T05:43:59Z'),
  parameters: [],
  uploads: [],
  error: null,
  result: null,
  release: null,
  fence: '0',
  byteLimit: null,
}

const COMPLETED: Job = {
  ...PENDING,
  phase: 'COMPLETED',
  owner: 'ada & <bea>',
  runId: 'night 7',
  started: new Date('2026-11-27T05:44:00Z'),
  ended: new Date('2026-11-27T05:44:02Z'),
  parameters: [
    { name: 'QUERY', value: "select '<&>\u0000' from t" },
    { name: 'UPLOAD', value: 'a,param:x' },
    { name: 'UPLOAD', value: 'b,https://example.org/b.vot' },
  ],
  uploads: [{ name: 'x y', object: 'u/0/x', generation: '1', bytes: 3, contentType: 'text/csv' }],
  result: { object: 'r/0/1', generation: '7', bytes: 812, contentType: 'text/csv', rows: 3, overflow: false },
}

const FAILED: Job = { ...COMPLETED, phase: 'ERROR', result: null, error: { type: 'fatal', message: 'no column <x>' } }

const UNDERWAY = {
  queryId: '4611686018427387905',
  progress: { done: 3, total: 8 },
  estimate: new Date('2026-11-27T05:44:20Z'),
}

describe('UWS-7: the document of a job', () => {
  test('says how far a query is that runs elsewhere, and estimates its end, if that is not too late', () => {
    const executing: Job = { ...PENDING, phase: 'EXECUTING', started: CREATED }
    const document = writeJob(executing, LINKS, UNDERWAY)
    expect(document).toMatch(
      /<uws:jobInfo>\s*<executionId>4611686018427387905<\/executionId>\s*<progress>\s*<percentComplete>37</,
    )
    expect(document).toContain('<uws:quote>2026-11-27T05:44:20.000Z</uws:quote>')
    const late = { ...UNDERWAY, estimate: new Date('2027-01-01T00:00:00Z') }
    expect(quoteOf(executing, late)).toEqual(quoteOf(executing))
    expect(writeJob(executing, LINKS, { queryId: null, progress: null, estimate: null })).not.toContain('jobInfo')
  })

  test('has all of the job, in the order of the standard, with times in UTC', () => {
    const document = writeJob(COMPLETED, LINKS)
    const names = [...document.matchAll(/<uws:(\w+)/g)].map((match) => match[1])
    expect(names).toEqual(
      ['job', 'jobId', 'runId', 'ownerId', 'phase', 'quote', 'creationTime', 'startTime', 'endTime'].concat(
        ['executionDuration', 'destruction', 'parameters', 'parameter', 'parameter', 'parameter', 'parameter'],
        ['results', 'result'],
      ),
    )
    expect(document).toContain('<uws:creationTime>2026-11-27T05:43:59.012Z</uws:creationTime>')
    expect(document).toContain('<uws:ownerId>ada &amp; &lt;bea&gt;</uws:ownerId>')
    expect(document).toContain('xlink:href="https://data.example.org/tap/async/0af3/results/result"')
  })

  test('no parameter comes twice, and tables that came with the request are named by where they are', () => {
    const document = writeParameters(COMPLETED, LINKS)
    expect(document).toContain('<uws:parameter id="UPLOAD">a,param:x;b,https://example.org/b.vot</uws:parameter>')
    expect(document).toContain(
      '<uws:parameter id="x y" byReference="true">https://data.example.org/tap/async/0af3/parameters/x%20y<',
    )
  })

  test('what is not known is nil, and an error is there only in a job that failed', () => {
    const document = writeJob(PENDING, LINKS)
    for (const name of ['ownerId', 'startTime', 'endTime']) {
      expect(document).toContain(`<uws:${name} xsi:nil="true"/>`)
    }
    expect(document).not.toContain('errorSummary')
    expect(writeJob(FAILED, LINKS)).toContain('<uws:errorSummary type="fatal" hasDetail="true">')
  })

  test('a result is listed only when the job is COMPLETED', () => {
    expect(writeResults(COMPLETED, LINKS)).toContain('size="812"')
    expect(writeResults(FAILED, LINKS)).not.toContain('uws:result ')
  })
})

describe('UWS-15: the quote', () => {
  test('is when a job that starts now would be stopped, and nothing for one that has ended', () => {
    expect(quoteOf(PENDING)?.toISOString()).toBe('2026-11-27T05:44:59.012Z')
    expect(quoteOf(COMPLETED)).toBeNull()
  })
})

describe(`documents are valid against the schema of UWS 1.1${NEEDS_XSD}`, () => {
  test.skipIf(!HAS_XSD).each<[string, string]>([
    ['a pending job', writeJob(PENDING, LINKS)],
    ['a completed job', writeJob(COMPLETED, LINKS)],
    ['a job with progress', writeJob({ ...PENDING, phase: 'EXECUTING' }, LINKS, UNDERWAY)],
    ['a failed job', writeJob(FAILED, LINKS)],
    ['a list', writeJobs([PENDING, COMPLETED], ({ id }) => `https://data.example.org/tap/async/${id}`)],
    ['an empty list', writeJobs([], () => '')],
    ['parameters', writeParameters(COMPLETED, LINKS)],
    ['results', writeResults(COMPLETED, LINKS)],
    ['no results', writeResults(PENDING, LINKS)],
  ])('%s', async (_, document) => {
    await validateXml(document)
  })
})
