import { describe, expect, test } from 'vitest'
import { ParameterError, readDetail, readParameters } from '../../shared/tap/parameters.ts'

const LIMITS = { maxrec: { default: 100, hard: 1000 } }
const QUERY = 'SELECT 1 FROM t'

function read(pairs: readonly (readonly [string, string])[], limits: Parameters<typeof readParameters>[1] = LIMITS) {
  return readParameters(pairs, limits)
}

function refuse(pairs: readonly (readonly [string, string])[]): ParameterError {
  try {
    read(pairs)
  } catch (error) {
    if (error instanceof ParameterError) return error
    throw error
  }
  return expect.unreachable('it was taken')
}

const MINIMAL = [
  ['LANG', 'ADQL'],
  ['QUERY', QUERY],
] as const

test('CMN-1 names compare without case, and values are taken as they are', () => {
  expect(
    read([
      ['lang', 'ADQL'],
      ['QuErY', QUERY],
      ['MaxRec', '7'],
      ['runid', 'Mine'],
    ]),
  ).toMatchObject({
    query: QUERY,
    maxRows: 7,
    runId: 'Mine',
  })
})

test.each(['LANG', 'QUERY', 'MAXREC', 'RESPONSEFORMAT', 'FORMAT', 'REQUEST', 'RUNID'])(
  'CMN-2 %s given twice is an error, in any case and whatever the values are',
  (name) => {
    const error = refuse([...MINIMAL, [name, 'ADQL'], [name.toLowerCase(), 'ADQL']])
    expect(error.message).toMatch(new RegExp(`^${name} is given [23] times`))
    expect(error.kind).toBe('malformed')
  },
)

test('CMN-3 other parameters change nothing', () => {
  expect(read([...MINIMAL, ['DUMMY', 'ignore-me'], ['DUMMY', 'x'], ['PHASE', 'RUN'], ['', '']])).toEqual(read(MINIMAL))
})

describe('SYN-3 LANG', () => {
  test.each(['ADQL', 'ADQL-2.0', 'ADQL-2.1'])('is taken as %s', (language) => {
    expect(
      read([
        ['LANG', language],
        ['QUERY', QUERY],
      ]).query,
    ).toBe(QUERY)
  })

  test.each([
    ['OOBLECK', 'there is no language "OOBLECK": there are ADQL, ADQL-2.0, ADQL-2.1'],
    ['adql', 'there is no language "adql": did you mean ADQL?'],
    ['ADQL-2', 'there is no language "ADQL-2": did you mean ADQL'],
    ['', 'LANG is missing: give LANG=ADQL'],
  ])('is refused as %j', (language, says) => {
    expect(
      refuse([
        ['LANG', language],
        ['QUERY', QUERY],
      ]).message,
    ).toContain(says)
  })

  test('is required', () => {
    expect(refuse([['QUERY', QUERY]]).message).toBe('LANG is missing: give LANG=ADQL')
  })
})

test.each([
  [[['LANG', 'ADQL']]],
  [
    [
      ['LANG', 'ADQL'],
      ['QUERY', ''],
    ],
  ],
  [
    [
      ['LANG', 'ADQL'],
      ['QUERY', ' \n'],
    ],
  ],
] as const)('SYN-4 QUERY is required: %j', (pairs) => {
  expect(refuse(pairs).message).toMatch(/^QUERY is missing/)
})

test('SYN-5 REQUEST is doQuery or nothing', () => {
  expect(read([...MINIMAL, ['REQUEST', 'doQuery']])).toEqual(read(MINIMAL))
  expect(refuse([...MINIMAL, ['REQUEST', 'getCapabilities']]).message).toContain('"getCapabilities"')
})

describe('SYN-6 the format', () => {
  test('is that of RESPONSEFORMAT, before FORMAT', () => {
    expect(read([...MINIMAL, ['FORMAT', 'csv']]).format.serialization).toBe('csv')
    expect(read([...MINIMAL, ['FORMAT', 'csv'], ['RESPONSEFORMAT', 'tsv']]).format.serialization).toBe('tsv')
    expect(read(MINIMAL).format.contentType).toBe('application/x-votable+xml')
  })

  test('is refused when there is none like it', () => {
    expect(refuse([...MINIMAL, ['RESPONSEFORMAT', 'application/no-such']]).message).toMatch(
      /^there is no format "application\/no-such": there are votable, .*csv/,
    )
  })
})

describe('SYN-7 MAXREC', () => {
  test.each([
    ['0', 0],
    ['+5', 5],
    [' 5 ', 5],
    ['1000', 1000],
    ['1001', 1000],
    ['99999999999999999999999', 1000],
  ])('%j gives %d', (given, expected) => {
    expect(read([...MINIMAL, ['MAXREC', given]]).maxRows).toBe(expected)
  })

  test('has a default, and no bound where the environment has none', () => {
    expect(read(MINIMAL).maxRows).toBe(100)
    expect(read([...MINIMAL, ['MAXREC', '123456789']], { maxrec: { default: 1, hard: null } }).maxRows).toBe(123456789)
  })

  test.each(['-1', '1.5', '1e3', 'abc', '0x10', '1 2', 'null', '٣'])('refuses %j', (given) => {
    expect(refuse([...MINIMAL, ['MAXREC', given]]).message).toBe(
      `MAXREC is a whole number, 0 or more, not ${JSON.stringify(given)}`,
    )
  })
})

test.each(['x'.repeat(65), 'a\nb', '\u0000'])('RUNID refuses %j', (runId) => {
  expect(refuse([...MINIMAL, ['RUNID', runId]]).message).toMatch(/^RUNID has at most 64 characters/)
})

test('a message does not grow with what was sent', () => {
  for (const name of ['LANG', 'MAXREC', 'RESPONSEFORMAT', 'REQUEST'])
    expect(
      refuse([[name, 'x'.repeat(100_000)], ...MINIMAL.filter(([other]) => other !== name)]).message.length,
    ).toBeLessThan(300)
})

test('VOS-3 detail is min or max, max by itself', () => {
  expect([readDetail([]), readDetail([['DETAIL', 'min']]), readDetail([['detail', 'max']])]).toEqual([
    'max',
    'min',
    'max',
  ])
  for (const wrong of [
    [['detail', 'MIN']],
    [
      ['detail', 'min'],
      ['DETAIL', 'min'],
    ],
  ] as const)
    expect(() => readDetail(wrong)).toThrow(/^detail is min or max/)
})
