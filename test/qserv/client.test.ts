import { generateKeyPairSync } from 'node:crypto'
import net, { type AddressInfo } from 'node:net'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Authority } from '../../local/cloud-sql/x509.ts'
import { type LocalQserv, type QservOptions, startQserv } from '../../local/qserv/server.ts'
import { isOverOrUnknown, isUnknown, QservClient, type QservClientOptions } from '../../shared/qserv/client.ts'
import { QservAnswerError, QservRefusedError, QservUnavailableError } from '../../shared/qserv/errors.ts'
import { readStatus } from '../../shared/qserv/query-status.ts'
import { explainQserv } from '../../shared/query/qserv/explain.ts'

const pool = new pg.Pool({ max: 1 })
const runSql: QservOptions['runSql'] = async (sql) => ({
  schema: [{ column: 'sql', type: 'VARCHAR(400)', is_binary: 0 }],
  rows: [[sql]],
})
const login = { user: 'tap', password: 'päss:word' }
const warnings: string[] = []

let qserv: LocalQserv
beforeAll(async () => {
  qserv = await startQserv({ pool, runSql, login, firstId: 2n ** 60n + 1n, stallMs: 1_000 })
})
afterEach(() => {
  qserv.faults.clear()
  qserv.queries.script = {}
  qserv.assertClean()
})
afterAll(async () => {
  for (const client of clients) client.close()
  await qserv.stop()
  await pool.end()
})

const clients: QservClient[] = []
function connect(options: Partial<QservClientOptions> = {}): QservClient {
  const client = new QservClient({
    ...{ url: qserv.url, login, sendVersion: true, maxConnections: 4, keepAliveMs: 4_000, connectMs: 2_000 },
    ...{ pause: async () => {}, onWarning: (warning) => warnings.push(warning), ...options },
  })
  clients.push(client)
  return client
}

async function textOf(client: QservClient, id: string): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of await client.openResult(id)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('§1.1, §1.2, §1.4, §1.6 a query is submitted, looked at, read twice and deleted; its id has 64 bits', async () => {
  const client = connect()
  const id = await client.submit('SELECT 1')
  expect(BigInt(id)).toBeGreaterThan(2n ** 60n)
  expect(await client.status(id)).toMatchObject({ state: 'COMPLETED', error: '', rows: 1, totalChunks: 10 })
  const text = await textOf(client, id)
  expect(text).toBe(
    '{"error":"","error_ext":{},"rows":[["SELECT 1"]],"schema":[{"column":"sql","is_binary":0,"table":"","type":"VARCHAR(400)"}],"success":1,"warning":""}',
  )
  expect(await textOf(client, id)).toBe(text)
  await client.deleteResult(id)
  await client.deleteResult(id)
  expect(JSON.parse(await textOf(client, id))).toMatchObject({ success: 0, error: /doesn't exist/ as never })
}, 10_000)

test('§1.2 what Qserv refuses with 200 is refused, in its words', async () => {
  const client = connect()
  await expect(client.submit('SELEKT 1')).rejects.toThrow(/^QI=\d+: Failed to instantiate query/)
  await expect(client.submit('SELEKT 1')).rejects.toThrow(QservRefusedError)
  const unknown = await client.status('7').catch((error: unknown) => error)
  expect(isUnknown(unknown)).toBe(true)
})

test.each([
  [{ success: undefined }, QservAnswerError],
  [{ success: true }, QservAnswerError],
  [{ success: 2, extra: 1 }, undefined],
  [{ status: undefined }, QservAnswerError],
])('§1.2 an envelope with %j', async (keys, kind) => {
  const client = connect()
  const id = await client.submit('SELECT 2')
  qserv.faults.add({ route: 'status', kind: 'keys', keys })
  if (kind === undefined) expect((await client.status(id)).state).toBe('COMPLETED')
  else await expect(client.status(id)).rejects.toThrow(kind)
  await client.deleteResult(id)
})

test('§1.2 HTML with 200, and JSON that is cut, are no answers', async () => {
  const client = connect()
  for (const body of ['<html>sign in</html>', '{"success":1', '[]']) {
    qserv.faults.add({ route: 'version', kind: 'body', body })
    await expect(connect().version()).rejects.toThrow(QservAnswerError)
  }
  expect(await client.version()).toBe(55)
})

test('§1.3 the lower version of both is sent; a Qserv that was replaced by an older one is asked anew', async () => {
  const older = await startQserv({ pool, runSql, version: 48 })
  const client = connect({ url: older.url })
  expect(await client.version()).toBe(48)
  const id = await client.submit('SELECT 3')
  expect((await client.status(id)).state).toBe('COMPLETED')
  expect(older.requests.at(-1)).toMatchObject({ route: 'status', version: '48' })
  await client.deleteResult(id)
  older.assertClean()
  await older.stop()
  const client2 = connect()
  expect(await client2.version()).toBe(55)
  qserv.faults.add({ route: 'version', kind: 'keys', keys: { version: 60 } })
  const newer = connect()
  expect(await newer.version()).toBe(55)
  qserv.faults.add({ route: 'version', kind: 'keys', keys: { version: 29 } })
  await expect(connect().version()).rejects.toThrow(/29.*30 is the oldest/)
})

test.each([30, 39, 40, 42, 47, 55])('§1.3 every version from 30 on answers: %s', async (version) => {
  const czar = await startQserv({ pool, runSql, version })
  const client = connect({ url: czar.url })
  const id = await client.submit('SELECT 3')
  expect((await client.status(id)).state).toBe('COMPLETED')
  expect(JSON.parse(await textOf(client, id))).toMatchObject({ success: 1, rows: [['SELECT 3']] })
  await client.deleteResult(id)
  czar.assertClean()
  await czar.stop()
})

test('§1.3 a version that is refused is negotiated, and nothing was done twice', async () => {
  const older = await startQserv({ pool, runSql, version: 50 })
  older.faults.add({ route: 'version', kind: 'keys', keys: { version: 55 } })
  const client = connect({ url: older.url })
  const id = await client.submit('SELECT 4')
  expect(older.requests.map(({ route, version }) => [route, version])).toEqual([
    ['version', null],
    ['submit', '55'],
    ['submit', '50'],
  ])
  await client.deleteResult(id)
  older.assertClean()
  await older.stop()
})

test('§1.3, §2.6 0.6.0 without a version Qserv warns and answers', async () => {
  const client = connect({ sendVersion: false })
  await client.deleteResult(await client.submit('SELECT 5'))
  expect(warnings).toContain('No version number was provided in the request.')
})

test('§1.5, §2.6 0.7.0 Basic authentication is sent unasked; a wrong password is a refusal', async () => {
  expect(qserv.requests.filter(({ route }) => route === 'submit').every(({ user }) => user === 'tap')).toBe(true)
  await expect(connect({ login: { user: 'tap', password: 'x' } }).submit('SELECT 1')).rejects.toThrow(/authorization/)
})

test('§0.6 bodies are application/json, exactly', () => {
  const types = new Set(qserv.requests.filter(({ route }) => route === 'submit').map(({ contentType }) => contentType))
  expect([...types]).toEqual(['application/json'])
})

test.each(['status', 'reset-before', 'reset-after', 'slow-head'] as const)(
  '§1.8 %s: what can be repeated is repeated, a submit is not',
  async (kind) => {
    const client = connect()
    const fault = { kind, status: 503, ms: 100, times: 2 } as never as object
    const id = await client.submit('SELECT 6')
    for (const route of ['status', 'result-delete'] as const) qserv.faults.add({ route, ...fault } as never)
    expect((await client.status(id)).state).toBe('COMPLETED')
    await client.deleteResult(id)
    if (kind === 'slow-head') return
    qserv.faults.add({ route: 'submit', ...fault, times: 1 } as never)
    const before = qserv.requests.filter(({ route }) => route === 'submit').length
    const error = await client.submit('SELECT 7').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: QservUnavailableError.name, mayHaveArrived: true })
    expect(qserv.requests.filter(({ route }) => route === 'submit')).toHaveLength(before + 1)
    for (const left of qserv.queries.unclaimed()) await client.deleteResult(left)
  },
)

test('§1.8 a submit to a Qserv that refuses connections has surely not arrived', async () => {
  const gone = await startQserv({ pool, runSql })
  await gone.stop()
  const error = await connect({ url: gone.url, sendVersion: false })
    .submit('SELECT 8')
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({ mayHaveArrived: false })
})

test('§1.8 a submit whose version could not be negotiated has surely not arrived', async () => {
  const before = qserv.requests.length
  qserv.faults.add({ route: 'version', kind: 'reset-after', times: 4 })
  const error = await connect()
    .submit('SELECT 8')
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: QservUnavailableError.name, mayHaveArrived: false })
  expect(qserv.requests.slice(before).filter(({ route }) => route === 'submit')).toEqual([])
})

test('§1.7 a table that is sent to a Qserv that is just starting arrives whole', async () => {
  const gone = await startQserv({ pool, runSql })
  await gone.stop()
  let back: LocalQserv | undefined
  const client = connect({
    ...{ url: gone.url, sendVersion: false },
    async pause() {
      back ??= await startQserv({ pool, runSql, port: Number(new URL(gone.url).port) })
    },
  })
  for (const _ of [1, 2]) {
    // Rows that can be read once, as those of users' tables.
    const rows = (async function* () {
      for (let line = 0; line < 50_000; line++) yield Buffer.from(`${line}\n`)
    })()
    const files = [
      { name: 'schema', content: '[]' },
      { name: 'rows', content: rows },
    ]
    // The name is refused, but only when the body has been read.
    await expect(client.ingestCsv(() => ({ fields: { database: 'x' }, files }))).rejects.toThrow(
      /must start with user_/,
    )
  }
  const [first, second] = back?.requests ?? []
  expect(first?.bodyBytes).toBe(second?.bodyBytes)
  await back?.stop()
})

test('§1.7 a table is not sent again to a Qserv of another version: its rows have been read', async () => {
  const older = await startQserv({ pool, runSql, version: 54 })
  older.faults.add({ route: 'version', kind: 'keys', keys: { version: 55 } })
  const rows = (async function* () {
    yield Buffer.from('1\n')
  })()
  const form = () => ({ fields: {}, files: [{ name: 'rows', content: rows }] })
  const error = await connect({ url: older.url })
    .ingestCsv(form)
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: QservUnavailableError.name, mayHaveArrived: false })
  expect(older.requests.filter(({ route }) => route === 'ingest-csv')).toHaveLength(1)
  await older.stop()
})

test('§1.8 a Qserv that does not answer several times is left alone for a while', async () => {
  const client = connect({ sendVersion: false })
  qserv.faults.add({ route: 'status', kind: 'status', status: 502, times: 100 })
  await expect(client.status('1')).rejects.toThrow(/HTTP 502/)
  await expect(client.status('1')).rejects.toThrow(/several times in a row/)
  const asked = qserv.requests.length
  await expect(client.status('1')).rejects.toThrow(/several times in a row/)
  expect(qserv.requests.length).toBe(asked)
})

test.each([
  ['truncate', /broke off after 30 of \d+ bytes/],
  ['reset-body', /broke off after 30 of \d+ bytes/],
] as const)('§1.1 a body that is cut is an error: %s', async (kind, message) => {
  const client = connect()
  const id = await client.submit('SELECT 9')
  qserv.faults.add({ route: 'result', kind, bytes: 30 })
  await expect(textOf(client, id)).rejects.toThrow(message)
  await client.deleteResult(id)
})

test('§1.1 one who takes a result slowly still gets all of it, though Qserv cuts off who stands still', async () => {
  const client = connect({ flow: { everyMs: 150, pieceBytes: 1 << 20 } })
  const row = JSON.stringify(Array(20).fill('0123456789'))
  const schema = [{ column: 'x', type: 'TEXT', is_binary: 0 as const }]
  qserv.queries.script = { generated: { rows: 40_000, cycle: [row], schema } }
  const id = await client.submit('SELECT 10')
  const document = await client.openResult(id)
  let length = 0
  for await (const chunk of document) {
    if (length === 0) await new Promise((done) => setTimeout(done, 1_500))
    length += chunk.length
  }
  expect(length).toBeGreaterThan(40_000 * row.length)
  await client.deleteResult(id)
}, 20_000)

test('§1.4 a cancel works a moment later; of one that has ended, or is not known, it is told', async () => {
  const client = connect()
  qserv.queries.script = { runMs: 60_000, cancelMs: 0 }
  const id = await client.submit('SELECT 11')
  expect(await client.status(id)).toMatchObject({ state: 'EXECUTING', rows: 0, bytes: 0 })
  await client.cancel(id)
  expect((await client.status(id)).state).toBe('ABORTED')
  for (const other of [id, '99']) {
    const error = await client.cancel(other).catch((reason: unknown) => reason)
    expect(isOverOrUnknown(error), other).toBe(true)
  }
})

test('§1.4 chunks may be null, and a query may look done while it runs', async () => {
  const client = connect()
  qserv.queries.script = { runMs: 60_000, nullChunks: true }
  const nulls = await client.submit('SELECT 12')
  expect(await client.status(nulls)).toMatchObject({ state: 'EXECUTING', totalChunks: null, completedChunks: null })
  qserv.queries.script = { runMs: 60_000, progressMissing: true }
  const missing = await client.submit('SELECT 13')
  expect(await client.status(missing)).toMatchObject({ state: 'EXECUTING', totalChunks: 10, completedChunks: 10 })
  for (const id of [nulls, missing]) await client.cancel(id)
})

test('§1.1 TLS with an authority of its own; any other certificate is refused unless that is wanted', async () => {
  const authority = new Authority('Site authority')
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cert = authority.issue({ commonName: 'czar', dnsNames: ['localhost'], publicKey, lifetimeMs: 3_600_000 })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const secure = await startQserv({ pool, runSql, tls: { key, cert } })
  const url = secure.url.replace('127.0.0.1', 'localhost')
  expect(await connect({ url, ca: authority.certificate }).version()).toBe(55)
  await expect(connect({ url }).version()).rejects.toThrow(/certificate/)
  expect(await connect({ url, insecure: true }).version()).toBe(55)
  await secure.stop()
})

test('§1.1 no more connections than allowed, and idle ones are closed before Qserv does it', async () => {
  const narrow = await startQserv({ pool, runSql, keepAliveMs: 5_000 })
  const client = connect({ url: narrow.url, maxConnections: 3 })
  const id = await client.submit('SELECT 14')
  narrow.faults.add({ route: 'status', kind: 'slow-head', ms: 20, times: 30 })
  await Promise.all(Array.from({ length: 30 }, () => client.status(id)))
  expect(narrow.mostAtOnce()).toBeLessThanOrEqual(3)
  await client.deleteResult(id)
  // A submit has a connection of its own, which counts too.
  const one = connect({ url: narrow.url, maxConnections: 1 })
  narrow.faults.add({ route: 'submit', kind: 'slow-head', ms: 30, times: 10 })
  const ids = await Promise.all(Array.from({ length: 5 }, () => one.submit('SELECT 14')))
  await Promise.all(ids.map((submitted) => one.status(submitted)))
  await Promise.all(ids.map((submitted) => one.deleteResult(submitted)))
  expect(narrow.mostAtOnce()).toBeLessThanOrEqual(3)
  narrow.assertClean()
  await narrow.stop()
})

test('§1.1 a path that Qserv does not have', async () => {
  const answer = await fetch(`${qserv.url}/nowhere`)
  expect([answer.status, answer.headers.get('content-length')]).toEqual([404, '0'])
  const id = await connect().submit('SELECT 15')
  const loose = await fetch(`${qserv.url}/query-async/status/${id}abc`, {
    headers: { authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}` },
  })
  expect(await loose.json()).toMatchObject({ success: 1, status: { status: 'COMPLETED' } })
  await connect().deleteResult(id)
})

test('§1.1 connections that Qserv closes, idle or after a hundred requests, fail nobody', async () => {
  const hasty = await startQserv({ pool, runSql, keepAliveMs: 20 })
  const client = connect({ url: hasty.url, sendVersion: false })
  const id = await client.submit('SELECT 16')
  for (let turn = 0; turn < 220; turn++) {
    // About as long as an idle one is kept.
    if (turn % 20 === 0) await new Promise((done) => setTimeout(done, 15 + turn / 20))
    expect((await client.status(id)).state).toBe('COMPLETED')
  }
  await client.deleteResult(id)
  hasty.assertClean()
  await hasty.stop()
})

test('§1.1 requests that Qserv drops, for it has too many, are sent again; a submit is not', async () => {
  const busy = await startQserv({ pool, runSql, threads: 1, surplus: 'dropped' })
  const client = connect({ url: busy.url, sendVersion: false })
  const id = await client.submit('SELECT 17')
  const gate = Promise.withResolvers<void>()
  busy.faults.add({ route: 'status', kind: 'hold', until: gate.promise })
  const held = client.status(id)
  await expect.poll(() => busy.requests.filter(({ route }) => route === 'status')).toHaveLength(1)
  const error = await client.submit('SELECT 18').catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: QservUnavailableError.name, mayHaveArrived: true })
  // It is let in with its third attempt.
  let pauses = 0
  const patient = connect({
    ...{ url: busy.url, sendVersion: false },
    async pause() {
      if (++pauses === 2) gate.resolve()
      await new Promise((done) => setTimeout(done, 50))
    },
  })
  expect((await patient.status(id)).state).toBe('COMPLETED')
  expect((await held).state).toBe('COMPLETED')
  await client.deleteResult(id)
  busy.assertClean()
  await busy.stop()
})

test('§2.6 4.3.0 neither connecting nor an answer is waited for without end', async () => {
  const mute = net.createServer(() => {})
  await new Promise<void>((ready) => mute.listen(0, '127.0.0.1', ready))
  const { port } = mute.address() as AddressInfo
  // It takes the connection, and says nothing of TLS, or of HTTP.
  const connecting = connect({ url: `https://127.0.0.1:${port}`, connectMs: 50 }).version()
  await expect(connecting).rejects.toThrow('there was no connection within 0.05 s')
  const answering = connect({ url: `http://127.0.0.1:${port}`, sendVersion: false, ingestMs: 50 })
  const form = () => ({ fields: { database: 'user_x' }, files: [] })
  await expect(answering.ingestCsv(form)).rejects.toThrow('there was no answer within 0.05 s')
  mute.close()
})

test('§2.6 4.0 what Qserv says beside its message is nothing for users', () => {
  const details = { min_version: 32, worker_errors: { 'worker-1': 'x' } }
  const { message } = explainQserv(new QservRefusedError('QI=12: no such column', details))
  expect(message).toBe('Qserv does not take the query: no such column')
})

test.each([
  ['failed to pass authorization requirements, ex: invalid credentials', 'misconfigured', /login of this service/],
  ['invalid parameters of the request, ex: stoull', 'malformed', /^Qserv does not take the query: stoull$/],
  ['operation failed due to: no thread', 'malformed', /^Qserv does not take the query: no thread$/],
  ['QI=7: Failed to instantiate query', 'malformed', /^Qserv does not take the query: Failed to instantiate query$/],
])('§1.2 the prefixes of errors say whose fault it is: %s', (text, kind, message) => {
  const failure = explainQserv(new QservRefusedError(text))
  expect(failure.kind).toBe(kind)
  expect(failure.message).toMatch(message)
})

test.each([
  ['failed to obtain info for queryId=7, ex: stoul', true, false],
  ['Unknown user query 7', true, false],
  ['operation failed due to: Unknown or finished query ID: CANCEL 7', false, true],
  ['operation failed due to: Query has already finished: CANCEL 7', false, true],
  ['queryId=7 is still executing', false, false],
])('§1.4 what Qserv says of a query that it does not run: %s', (text, unknown, over) => {
  const error = new QservRefusedError(text)
  expect([isUnknown(error), isOverOrUnknown(error)]).toEqual([unknown, over])
})

test('§1.4 a status may have nulls wherever it has numbers', () => {
  const numbers = 'totalChunks completedChunks collectedBytes collectedRows finalRows queryBeginEpoch lastUpdateEpoch'
  const nulls = Object.fromEntries(numbers.split(' ').map((key) => [key, null]))
  const known = readStatus({ status: { queryId: null, query: null, status: 'FAILED', error: null, ...nulls } })
  expect(known).toMatchObject({ state: 'FAILED', error: '', totalChunks: null, bytes: null, updatedEpoch: null })
  expect(() => readStatus({ status: { status: null } })).toThrow(QservAnswerError)
  expect(() => readStatus({ status: { status: 'SLEEPING' } })).toThrow('"SLEEPING"')
})
