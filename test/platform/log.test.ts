import { describe, expect, it } from 'vitest'
import { createLogger, type LoggerOptions, withTrace } from '../../shared/platform/log/log.ts'

function capture(options: LoggerOptions = {}) {
  const lines: string[] = []
  const now = () => new Date('2026-08-20T10:00:00.000Z')
  const logger = createLogger({ projectId: 'demo', now, write: (line) => void lines.push(line), ...options })
  return { logger, lines, entry: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> }
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

describe('a JSON entry', () => {
  it('holds severity, time, message and fields in one line', () => {
    const { logger, lines, entry } = capture({ fields: { function: 'load-release' } })
    logger.warning('two\nlines', { server: 'tap', rows: 3 })
    expect(lines[0]).not.toContain('\n')
    expect(entry()).toEqual({
      severity: 'WARNING',
      time: '2026-08-20T10:00:00.000Z',
      message: 'two\nlines',
      function: 'load-release',
      server: 'tap',
      rows: 3,
    })
  })

  it('cannot be given another severity or message by a field', () => {
    const { logger, entry } = capture()
    logger.info('true', { severity: 'EMERGENCY', message: 'false', time: 1 })
    expect(entry()).toMatchObject({
      severity: 'INFO',
      message: 'true',
      field_severity: 'EMERGENCY',
      field_message: 'false',
    })
  })

  it('is left out below the minimum', () => {
    const { logger, lines } = capture({ minimum: 'WARNING' })
    logger.debug('a')
    logger.info('b')
    logger.error('c')
    expect(lines).toHaveLength(1)
  })

  it('holds an error with its stack, code, problems and causes', () => {
    const { logger, entry } = capture()
    const cause = Object.assign(new Error('inner'), { code: 'ECONNRESET' })
    const error = Object.assign(new TypeError('outer', { cause }), { code: 'storage', problems: [{ line: 3 }] })
    logger.error('failed', { error })
    expect(entry().error).toMatchObject({
      name: 'TypeError',
      message: 'outer',
      code: 'storage',
      problems: [{ line: 3 }],
      stack: expect.stringContaining('log.test.ts'),
      cause: { name: 'Error', message: 'inner', code: 'ECONNRESET' },
    })
    expect(entry().stack_trace).toMatch(/TypeError: outer[\s\S]*Caused by: Error: inner/)
  })

  it('survives whatever it is given', () => {
    const { logger, entry } = capture()
    const circular: Record<string, unknown> = { name: 'ring' }
    circular.self = circular
    const loop = new Error('loop')
    loop.cause = loop
    const deep: Record<string, unknown> = {}
    let inner = deep
    for (let level = 0; level < 100; level++) inner = inner.next = {} as Record<string, unknown>
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('trapped')
        },
      },
    )
    const getter = Object.defineProperty({}, 'bad', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    })
    logger.error('odd', {
      circular,
      loop,
      deep,
      trap,
      getter,
      big: 12345678901234567890n,
      map: new Map<unknown, unknown>([[1, new Set(['x'])]]),
      nan: Number.NaN,
      bytes: Buffer.from('abc'),
      date: new Date(Number.NaN),
      call: () => {},
      symbol: Symbol('s'),
      nothing: undefined,
      none: null,
      json: {
        toJSON: () => {
          throw new Error('no')
        },
      },
      long: 'x'.repeat(100_000),
      many: Array.from({ length: 1000 }, (_, index) => index),
    })
    expect(entry()).toMatchObject({
      message: 'odd',
      circular: { name: 'ring', self: '[circular]' },
      trap: '[unreadable]',
      getter: { bad: '[unreadable]' },
      big: '12345678901234567890',
      map: { 1: ['x'] },
      nan: 'NaN',
      bytes: '[3 bytes]',
      date: '[invalid date]',
      call: '[function]',
      symbol: '[symbol]',
      none: null,
    })
    expect(String(entry().long).length).toBeLessThan(20_000)
    expect((entry().many as unknown[]).at(-1)).toBe('[800 more]')
  })
})

describe('a long entry', () => {
  it('stays one line that Cloud Logging takes', () => {
    const { logger, lines, entry } = capture()
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`field${index}`, 'Ω'.repeat(50_000)]))
    logger.error('m'.repeat(1_000_000), { ...fields, error: new Error('x'.repeat(1_000_000)) })
    expect(Buffer.byteLength(lines[0]!)).toBeLessThan(256 * 1024)
    expect(entry()).toMatchObject({ severity: 'ERROR', left_out: expect.stringMatching(/fields of \d+ bytes/) })
  })
})

it('does not write out the client that hangs on an error', () => {
  const { logger, entry } = capture()
  class Client {
    readonly internals = 'x'.repeat(1000)
  }
  logger.warning('idle connection lost', { error: Object.assign(new Error('gone'), { client: new Client() }) })
  expect(entry().error).toMatchObject({ message: 'gone', client: '[Client]' })
})

describe('an error of several', () => {
  it('shows each of them', () => {
    const { logger, entry } = capture()
    logger.error('failed', { error: new AggregateError([new Error('one'), new Error('two')], 'both') })
    expect(entry().error).toMatchObject({ message: 'both', errors: [{ message: 'one' }, { message: 'two' }] })
  })
})

describe('secrets', () => {
  it.each([
    ['postgresql://loader:s3cret@db.example.org:5432/tap', 'postgresql://loader:[redacted]@db.example.org:5432/tap'],
    ['cannot reach postgres://u:p@ss/w:rd@host/db now', 'cannot reach postgres://u:[redacted]@host/db now'],
    [
      'postgres://u:p%40x@h/d?sslmode=require&password=s3cret',
      'postgres://u:[redacted]@h/d?sslmode=require&password=[redacted]',
    ],
    ['host=db password=s3cret user=u', 'host=db password=[redacted] user=u'],
    ["host=db password='s3 cret' user=u", 'host=db password=[redacted] user=u'],
    ['{"password":"s3cret","user":"u"}', '{"password":[redacted],"user":"u"}'],
    ['Authorization: Bearer ya29.abc-def_ghi', 'Authorization: Bearer [redacted]'],
    ['http://127.0.0.1:8080/servers/a@b', 'http://127.0.0.1:8080/servers/a@b'],
    ['gs://releases/main and mail to a@b.org', 'gs://releases/main and mail to a@b.org'],
  ])('in the text %j are not written', (text, expected) => {
    const { logger, entry } = capture()
    logger.error(text, { text, error: new Error(text, { cause: new Error(text) }) })
    const { message, text: field, error, stack_trace } = entry()
    expect(message).toBe(expected)
    expect(field).toBe(expected)
    expect(error).toMatchObject({ message: expected, cause: { message: expected } })
    if (text !== expected) expect(String(stack_trace)).not.toContain(text)
  })

  it.each(['password', 'dbPassword', 'access_token', 'Authorization', 'set-cookie', 'client_secret', 'private-key'])(
    'in a field called %s are not written',
    (name) => {
      const { logger, lines } = capture()
      logger.info('login', { outer: { [name]: 's3cret' }, [name]: ['s3cret'] })
      expect(lines[0]).not.toContain('s3cret')
    },
  )

  it('are not suspected in fields that only name them', () => {
    const { logger, entry } = capture()
    logger.info('found', { passwordKey: 'tap-password', secretsDirectory: 'secrets', password: null })
    expect(entry()).toMatchObject({ passwordKey: 'tap-password', secretsDirectory: 'secrets', password: null })
  })
})

describe('the trace of a request', () => {
  it('is on every entry written on its behalf, also later', async () => {
    const { logger, entry, lines } = capture()
    await withTrace({ traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }, async () => {
      await new Promise((done) => setImmediate(done))
      logger.info('inside')
    })
    expect(entry()).toMatchObject({
      'logging.googleapis.com/trace': `projects/demo/traces/${TRACE}`,
      'logging.googleapis.com/spanId': '00f067aa0ba902b7',
      'logging.googleapis.com/trace_sampled': true,
    })
    logger.info('outside')
    expect(lines.at(-1)).not.toContain(TRACE)
  })

  it('is not mixed up between requests at the same time', async () => {
    const { logger, lines } = capture()
    const ids = Array.from({ length: 20 }, (_, index) => (index + 1).toString(16).padStart(32, '0'))
    await Promise.all(
      ids.map((id) =>
        withTrace({ traceparent: `00-${id}-00f067aa0ba902b7-00` }, async () => {
          await new Promise((done) => setImmediate(done))
          logger.info(id)
        }),
      ),
    )
    for (const line of lines) expect(line.split(line.match(/"message":"(\w+)"/)![1]!)).toHaveLength(3)
  })

  it.each([
    [{ 'x-cloud-trace-context': `${TRACE}/1;o=1` }, '0000000000000001', true],
    [{ 'x-cloud-trace-context': `${TRACE}/18446744073709551615;o=0` }, 'ffffffffffffffff', false],
    [{ 'x-cloud-trace-context': TRACE }, undefined, false],
    [{ 'x-cloud-trace-context': [`${TRACE}/1`] }, '0000000000000001', false],
    [{ traceparent: `cc-${TRACE}-00f067aa0ba902b7-01-what-comes` }, '00f067aa0ba902b7', true],
  ])('is read from %j', (headers, span, sampled) => {
    const { logger, entry } = capture()
    withTrace(headers, () => logger.info('x'))
    expect(entry()['logging.googleapis.com/trace']).toBe(`projects/demo/traces/${TRACE}`)
    expect(entry()['logging.googleapis.com/spanId']).toBe(span)
    expect(entry()['logging.googleapis.com/trace_sampled']).toBe(sampled)
  })

  it.each([
    {},
    { traceparent: '' },
    { traceparent: `ff-${TRACE}-00f067aa0ba902b7-01` },
    { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` },
    { traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` },
    { traceparent: 'injected"}\n{"severity":"EMERGENCY' },
    { 'x-cloud-trace-context': 'x/y;o=z' },
  ])('is not taken from %j', (headers) => {
    const { logger, lines } = capture()
    withTrace(headers, () => logger.info('x'))
    expect(lines[0]).not.toContain('logging.googleapis.com')
  })

  it('has no project in its name where none is known', () => {
    const { logger, entry } = capture({ projectId: null })
    withTrace({ traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }, () => logger.info('x'))
    expect(entry()['logging.googleapis.com/trace']).toBe(TRACE)
  })
})

describe('a text entry', () => {
  it('reads as a line, with the stacks of errors below', () => {
    const { logger, lines } = capture({ format: 'text' })
    logger.info('staged', { server: 'tap', rows: { tables: 3 }, token: 'abc' })
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d staged {2}server=tap {2}rows=\{"tables":3\} {2}token=\[redacted\]$/)
    logger.error('failed', { error: new Error('outer', { cause: new Error('inner') }) })
    expect(lines[1]).toMatch(/ERROR failed\nError: outer\n[\s\S]*Caused by: Error: inner/)
  })
})
