import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { readAnswer, startTap, TABLEDATA, type TapAnswer, type TapUnderTest } from './tap-service.ts'

let tap: TapUnderTest

beforeAll(async () => {
  tap = await startTap({ keep: true, service: ['limits: {uploads: {tables: 2, rows: 100, bytes: 20000}}'] })
})

afterAll(() => tap.stop())

interface Part {
  readonly name: string
  readonly value: string
  readonly file?: string
  readonly type?: string
}

function post(parts: readonly Part[]): Promise<TapAnswer> {
  const text = parts.map(({ name, value, file, type }) => {
    const head = `content-disposition: form-data; name="${name}"${file === undefined ? '' : `; filename="${file}"`}`
    return `--b\r\n${head}\r\n${type === undefined ? '' : `content-type: ${type}\r\n`}\r\n${value}\r\n`
  })
  const headers = { 'content-type': 'multipart/form-data; boundary=b', 'transfer-encoding': 'chunked' }
  return tap.call('POST', '/sync', { headers, body: `${text.join('')}--b--\r\n` })
}

function query(adql: string, ...more: readonly Part[]): Promise<TapAnswer> {
  const parameters = Object.entries({ LANG: 'ADQL', QUERY: adql, ...TABLEDATA })
  return post([...parameters.map(([name, value]) => ({ name, value })), ...more])
}

const CSV = 'object_id,mine\n3,a\n5,"b,c"\n'

function csv(name: string, value = CSV): Part {
  return { name, value, file: `${name}.csv`, type: 'text/csv' }
}

describe('an uploaded table', () => {
  test('UPL-1 is joined with the data of the service, for one query alone', async () => {
    const adql =
      'SELECT m.mine, o.ra FROM TAP_UPLOAD.m AS m JOIN survey.object AS o ON o.object_id = m.object_id ORDER BY ra'
    const answer = await query(adql, { name: 'UPLOAD', value: 'm,param:t1' }, csv('t1'))
    expect(readAnswer(answer).texts, answer.text).toEqual([
      ['a', '1.08'],
      ['b,c', '1.8'],
    ])
    const after = await query(adql)
    expect([after.status, readAnswer(after).message]).toEqual([400, expect.stringContaining('TAP_UPLOAD')])
  })

  test('UPL-1 may have others beside it, in one value or in several', async () => {
    const adql = 'SELECT COUNT(*) AS n FROM TAP_UPLOAD.a, TAP_UPLOAD.b'
    const files = [csv('x'), csv('y')]
    const together = await query(adql, { name: 'UPLOAD', value: 'a,param:x;b,param:y' }, ...files)
    const apart = await query(
      adql,
      { name: 'upload', value: 'a,param:x' },
      { name: 'UPLOAD', value: 'b,param:y' },
      ...files,
    )
    expect([readAnswer(together).texts, readAnswer(apart).texts]).toEqual([[['4']], [['4']]])
  })

  test('UPL-1 may lie at a URL, but not in our own network', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' }).end(CSV)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const upload = { name: 'UPLOAD', value: `m,http://${host}/m.csv` }
    const refused = await query('SELECT mine FROM TAP_UPLOAD.m', upload)
    expect([refused.status, readAnswer(refused).message]).toEqual([
      400,
      expect.stringContaining('not on the public internet'),
    ])
    const trusting = await startTap({ service: [`limits: {uploads: {privateHosts: ["${host}"]}}`] })
    const parameters = { UPLOAD: upload.value, ...TABLEDATA }
    const answer = await trusting.query('SELECT mine FROM TAP_UPLOAD.m ORDER BY mine', parameters)
    expect(readAnswer(answer).texts, answer.text).toEqual([['a'], ['b,c']])
  })

  test.each([
    [
      'UPL-3 has too many rows',
      [{ name: 'UPLOAD', value: 'm,param:t' }, csv('t', `a\n${'1\n'.repeat(101)}`)],
      413,
      /100 rows/,
    ],
    [
      'UPL-3 is too large',
      [{ name: 'UPLOAD', value: 'm,param:t' }, csv('t', `a\n${'x'.repeat(20_001)}`)],
      413,
      /20000|20,000/,
    ],
    [
      'UPL-3 is one of too many',
      [{ name: 'UPLOAD', value: 'a,param:t;b,param:t;c,param:t' }, csv('t')],
      413,
      /2 uploaded tables/,
    ],
    ['UPL-1 has a name that is none', [{ name: 'UPLOAD', value: 'a b,param:t' }, csv('t')], 400, /"a b"/],
    ['UPL-1 has the name of another', [{ name: 'UPLOAD', value: 'a,param:t;A,param:t' }, csv('t')], 400, /two tables/i],
    ['is not there', [{ name: 'UPLOAD', value: 'm,param:nowhere' }, csv('t')], 400, /nowhere/],
    [
      'is no table',
      [
        { name: 'UPLOAD', value: 'm,param:t' },
        {
          name: 't',
          value: '<!DOCTYPE x [<!ENTITY a "b">]><VOTABLE>&a;</VOTABLE>',
          file: 't.xml',
          type: 'application/x-votable+xml',
        },
      ],
      400,
      /document type|DOCTYPE/i,
    ],
  ] as const)('is refused in words when it %s', async (_what, parts, status, says) => {
    const answer = await query('SELECT * FROM TAP_UPLOAD.m', ...parts)
    expect([answer.status, answer.headers['content-type']], answer.text).toEqual([status, 'application/x-votable+xml'])
    expect(readAnswer(answer).message).toMatch(says)
  })

  test('is not read where the query is wrong', async () => {
    const answer = await query('SELECT nothing FROM TAP_UPLOAD.m', { name: 'UPLOAD', value: 'm,param:t' }, csv('t'))
    expect([answer.status, readAnswer(answer).message]).toEqual([400, expect.stringContaining('no column nothing')])
  })
})
