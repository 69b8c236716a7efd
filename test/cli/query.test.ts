import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { findService } from '../../cli/commands/query/find-service.ts'
import { callAlmagest } from '../support/call-command.ts'
import { runAlmagest } from '../support/run-command.ts'
import { writeFolder } from './release-folder.ts'
import { tapDouble } from './tap-double.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const FIELDS = `
  <FIELD name="name" datatype="char" arraysize="*"/>
  <FIELD name="ra" datatype="double" unit="deg"/>
  <FIELD name="epochs" datatype="int"><VALUES null="-1"/></FIELD>
  <FIELD name="spectrum" datatype="float" arraysize="*" unit="Jy"/>`
const ROWS = `
  <TR><TD>a &amp; b</TD><TD>84.05</TD><TD>3</TD><TD>0.1 NaN</TD></TR>
  <TR><TD/><TD>1e-7</TD><TD>-1</TD><TD></TD></TR>`

const votable = (table: string, info = '<INFO name="QUERY_STATUS" value="OK"/>', after = '') =>
  `<?xml version="1.0"?>\n<!-- made < for a test --><v:VOTABLE version="1.4" xmlns:v="http://www.ivoa.net/xml/VOTable/v1.3">
   <RESOURCE type="results">${info}${table}${after}</RESOURCE></v:VOTABLE>`
const tableData = (rows = ROWS) => `<TABLE>${FIELDS}<DATA><TABLEDATA>${rows}</TABLEDATA></DATA></TABLE>`

async function query(answer: string, ...more: readonly string[]) {
  const service = await tapDouble((response) => response.end(answer))
  const result = await callAlmagest(['query', '--url', service.url, ...more, 'SELECT 1'])
  return { ...result, calls: service.calls }
}

describe('a table to read', () => {
  test('has units in its heading, numbers to the right, NULLs by name', async () => {
    const { code, stdout, stderr } = await query(votable(tableData()))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(
      [
        'name      ra  epochs  spectrum',
        '         deg          Jy',
        '-----  -----  ------  --------',
        'a & b  84.05       3  0.1 NaN',
        'NULL    1e-7    NULL  NULL',
        '',
      ].join('\n'),
    )
  })

  test('is the same from BINARY2 and from BINARY, wherever the bytes are divided', async () => {
    const text = (content: string) => [u32(content.length), Buffer.from(content)]
    const f64 = (value: number) => Buffer.from(new Float64Array([value]).buffer).reverse()
    const f32 = (value: number) => Buffer.from(new Float32Array([value]).buffer).reverse()
    const i32 = (value: number) => u32(value >>> 0)
    const first = [...text('a & b'), f64(84.05), i32(3), u32(2), f32(0.1), f32(Number.NaN)]
    const second = [...text(''), f64(1e-7), i32(-1), u32(0)]
    const binary = Buffer.concat([...first, ...second]).toString('base64')
    const masks = [Buffer.from([0]), Buffer.from([0b1011_0000])]
    const binary2 = Buffer.concat([masks[0]!, ...first, masks[1]!, ...second]).toString('base64')
    const expected = await query(votable(tableData()))
    for (const [kind, base64] of Object.entries({ BINARY: binary, BINARY2: binary2 })) {
      const lines = base64.replace(/(.{17})/g, '$1\n')
      const table = `<TABLE>${FIELDS}<DATA><${kind}><STREAM encoding="base64">${lines}</STREAM></${kind}></DATA></TABLE>`
      const service = await tapDouble(async (response) => {
        const document = votable(table)
        for (let at = 0; at < document.length; at += 7) {
          await new Promise((done) => response.write(document.slice(at, at + 7), done))
        }
        response.end()
      })
      const { stdout } = await callAlmagest(['query', '--url', service.url, 'SELECT 1'])
      expect([kind, stdout]).toEqual([kind, expected.stdout])
    }
  })

  test('without rows has its heading, and a document cut off is an error', async () => {
    expect((await query(votable(tableData('')))).stdout).toBe(
      'name   ra  epochs  spectrum\n      deg          Jy\n----  ---  ------  --------\n',
    )
    const whole = votable(tableData())
    const cut = await query(whole.slice(0, whole.indexOf('</TABLEDATA>')))
    expect(cut.code).toBe(1)
    expect(cut.stderr).toContain('the answer is not a complete VOTable')
  })

  test('says that it was cut off, and that the query failed after its first rows', async () => {
    const overflow = await query(votable(tableData(), undefined, '<INFO name="QUERY_STATUS" value="OVERFLOW"/>'))
    expect(overflow).toMatchObject({ code: 0 })
    expect(overflow.stderr).toContain('there are more rows')
    const late = await query(
      votable(tableData(), undefined, '<INFO name="QUERY_STATUS" value="ERROR">time is up</INFO>'),
    )
    expect(late).toMatchObject({ code: 1, stderr: 'almagest: time is up\n' })
    expect(late.stdout).toContain('84.05')
  })

  test('cannot steer the terminal', async () => {
    const row = '<TR><TD>&#27;[2J</TD><TD>1</TD><TD>1</TD><TD/></TR>'
    expect((await query(votable(tableData(row)))).stdout).toContain('\\x1b[2J')
  })
})

describe('what is asked', () => {
  test('goes by POST, with MAXREC, format and token', async () => {
    const { calls } = await query(votable(tableData()), '--maxrec', '5', '--token', 'secret')
    expect(calls).toHaveLength(1)
    expect(calls[0]?.path).toBe('/tap/sync')
    expect(calls[0]?.headers.authorization).toBe('Bearer secret')
    expect(Object.fromEntries(calls[0]!.form)).toEqual({
      REQUEST: 'doQuery',
      LANG: 'ADQL',
      RESPONSEFORMAT: 'votable',
      FORMAT: 'votable',
      MAXREC: '5',
      QUERY: 'SELECT 1',
    })
  })

  test('brings tables along', async () => {
    const folder = await writeFolder({ 'a.csv': 'x\n1\n', 'b.vot': '<VOTABLE/>' })
    const uploads = ['--upload', `one=${join(folder, 'a.csv')}`, '--upload', `two=${join(folder, 'b.vot')}`]
    const { calls } = await query(votable(tableData()), ...uploads)
    const { form } = calls[0]!
    expect(form.get('UPLOAD')).toBe('one,param:table0;two,param:table1')
    const files = [form.get('table0'), form.get('table1')] as File[]
    expect(files.map(({ type }) => type)).toEqual(['text/csv', 'application/x-votable+xml'])
    expect(await files[0]!.text()).toBe('x\n1\n')
    const lost = await query('', '--upload', `one=${join(folder, 'none')}`)
    expect(lost).toMatchObject({ code: 2, calls: [] })
  })

  test('can be a file or standard input; a service can be named by the environment', async () => {
    const service = await tapDouble((response) => response.end(votable(tableData())))
    const env = { ALMAGEST_TAP_URL: `${service.url}/` }
    expect(await runAlmagest(['query', '-'], { env, stdin: 'SELECT 2' })).toMatchObject({ code: 0 })
    expect(service.calls[0]?.form.get('QUERY')).toBe('SELECT 2')
  })

  test('goes to the first service of the local stack where none is named', async () => {
    const folder = await writeFolder({
      'environment.yaml': `tap: {servers: {
        one: {databaseUrl: 'postgresql://h/one', schemas: [a]},
        two: {databaseUrl: 'postgresql://h/two', schemas: [a], service: {url: 'http://127.0.0.1:8080/tap/two'}}}}`,
    })
    vi.stubEnv('ALMAGEST_TAP_URL', '')
    const local = join(folder, 'environment.yaml')
    expect(await findService(undefined, local)).toBe('http://127.0.0.1:8080/tap/two')
    expect(await findService('https://x.example/tap/sync', local)).toBe('https://x.example/tap')
    await expect(findService(undefined, join(folder, 'none.yaml'))).rejects.toThrow('no TAP service is named')
  })

  test('follows the service where it sends', async () => {
    const service = await tapDouble((response, { path }) => {
      if (path === '/tap/sync') response.writeHead(303, { location: '/tap/sync/1/run' }).end()
      else response.end(votable(tableData()))
    })
    expect(await callAlmagest(['query', '--url', service.url, 'SELECT 1'])).toMatchObject({ code: 0 })
  })
})

describe('what the service sends', () => {
  test('is passed on or saved as it is', async () => {
    const csv = 'a,b\n1,\n'
    const folder = await writeFolder({})
    const passed = await query(csv, '--format', 'csv')
    expect(passed.stdout).toBe(csv)
    const file = join(folder, 'result.csv')
    const saved = await query(csv, '--output', file)
    expect(saved).toMatchObject({ code: 0, stdout: '', stderr: `${file}: 7 bytes\n` })
    expect(saved.calls[0]?.form.get('RESPONSEFORMAT')).toBe('csv')
    expect(await readFile(file, 'utf8')).toBe(csv)
    expect(await query('', '--output', join(folder, 'result.doc'))).toMatchObject({ code: 2, calls: [] })
  })

  test('that breaks off leaves no file', async () => {
    const folder = await writeFolder({})
    const service = await tapDouble((response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('a,b\n', () => response.destroy())
    })
    const file = join(folder, 'result.csv')
    const { code, stderr } = await callAlmagest(['query', '--url', service.url, '--output', file, 'SELECT 1'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/the answer broke off after \d bytes: /)
    expect(await readdir(folder)).toEqual([])
  })

  test('says in a VOTable whether it is complete', async () => {
    const folder = await writeFolder({})
    const late = '<INFO name="QUERY_STATUS" value="ERROR">time is up</INFO>'
    const file = join(folder, 'result.vot')
    const failed = await query(votable(tableData(), undefined, late), '--output', file)
    expect(failed).toMatchObject({ code: 1, stderr: 'almagest: time is up\n' })
    expect(existsSync(file)).toBe(true)
    const overflow = await query(
      votable(tableData(), '', '<INFO name="QUERY_STATUS" value="OVERFLOW"/>'),
      '--output',
      file,
    )
    expect(overflow.stderr).toContain('there are more rows')
  })
})

describe('a query that the service refuses', () => {
  const refuse = async (status: number, body: string) => {
    const service = await tapDouble((response) => response.writeHead(status).end(body))
    return callAlmagest(['query', '--url', service.url, 'SELECT a\nFORM t'])
  }

  test('shows its message, and the place that it names', async () => {
    const info = '<INFO name="QUERY_STATUS" value="ERROR">Line 2, column 1: did you mean FROM?</INFO>'
    const { code, stderr } = await refuse(400, votable('', info))
    expect(code).toBe(1)
    expect(stderr).toBe('2 | FORM t\n  | ^\nalmagest: Line 2, column 1: did you mean FROM?\n')
  })

  test('shows also what is no error document', async () => {
    expect((await refuse(400, 'no such table')).stderr).toBe('almagest: no such table\n')
    const page = '<html><style>x</style><h1>Bad Gateway</h1></html>'
    expect((await refuse(502, page)).stderr).toMatch(/answered 502: Bad Gateway\n/)
    expect((await refuse(401, '')).stderr).toContain('see --token')
  })

  test('a service that is not there is named', async () => {
    const { code, stderr } = await callAlmagest(['query', '--url', 'http://127.0.0.1:1/tap', 'SELECT 1'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^almagest: http:\/\/127\.0\.0\.1:1\/tap: did not answer: /)
  })
})

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
