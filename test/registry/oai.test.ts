import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildRecords, describeRepository } from '../../shared/registry/build-records.ts'
import { answerOai } from '../../shared/registry/oai/answer.ts'
import { type HeldRecord, holdRecord, recordsInMemory } from '../../shared/registry/oai/memory-source.ts'
import { parseToken } from '../../shared/registry/oai/token.ts'
import { HAS_XSD, NEEDS_XSD, validateXml } from '../support/xsd.ts'
import { smallEnvironment } from './environment.ts'
import { parseXml, type Tree } from './examples.ts'

const NOW = new Date('2026-11-26T16:00:00Z')
const day = (text: string) => new Date(`2026-11-${text}Z`)
const { records: BUILT } = buildRecords(smallEnvironment(), new Map(), { now: NOW })
const repository = describeRepository(smallEnvironment())
const [registry, authority, organisation, tap] = BUILT
const DELETED: HeldRecord = { ivoid: 'ivo://o.example/old', updated: day('21T10:00:00'), formats: null }
const RECORDS: readonly HeldRecord[] = [
  holdRecord(tap!, day('20T23:59:59')),
  DELETED,
  holdRecord(registry!, day('19T00:00:00')),
  holdRecord(organisation!, day('19T00:00:00')),
  holdRecord(authority!, day('19T00:00:00')),
]

/** Answers `verb=Identify&…` and holds the answer against the schema. */
async function ask(query: string, pageSize = 100, records = RECORDS): Promise<Tree> {
  const pairs = query.split('&').map((pair): [string, string] => {
    const [name = '', ...value] = pair.split('=')
    return [decodeURIComponent(name), decodeURIComponent(value.join('='))]
  })
  const text = await answerOai(pairs, { ...repository, pageSize }, recordsInMemory(records), NOW)
  if (HAS_XSD) await validateXml(text)
  return parseXml(text)
}

const child = (tree: Tree | undefined, name: string) => tree?.children.find((found) => found.name === name)
const answerIn = (tree: Tree) => tree.children[2]!
const tokenIn = (tree: Tree) => child(answerIn(tree), 'resumptionToken')
const headersIn = (tree: Tree) =>
  answerIn(tree).children.flatMap((found) =>
    found.name === 'record' ? found.children.slice(0, 1) : found.name === 'header' ? [found] : [],
  )
const ivoidsIn = (tree: Tree) => headersIn(tree).map((header) => child(header, 'identifier')?.text)

const ALL = [
  'ivo://o.example',
  'ivo://o.example/org',
  'ivo://o.example/registry',
  'ivo://o.example/tap',
  'ivo://o.example/old',
]

describe(`answers${NEEDS_XSD}`, () => {
  test('Identify has the record of the registry, and the oldest date', async () => {
    const identify = answerIn(await ask('verb=Identify'))
    expect(identify.children.slice(0, 7).map(({ text }) => text)).toEqual([
      ...['R', 'https://o.example/api/registry', '2.0', 'r@o.example', '2026-11-19T00:00:00Z', 'persistent'],
      'YYYY-MM-DDThh:mm:ssZ',
    ])
    expect(child(child(identify, 'description'), 'ri:Resource')?.attributes['xsi:type']).toBe('vg:Registry')
  })

  test('there is one set, and there are two formats', async () => {
    expect(child(child(answerIn(await ask('verb=ListSets')), 'set'), 'setSpec')?.text).toBe('ivo_managed')
    const formats = answerIn(await ask('verb=ListMetadataFormats&identifier=ivo://o.example/old'))
    expect(formats.children.map(({ children }) => children[0]?.text)).toEqual(['ivo_vor', 'oai_dc'])
  })

  test('a list is in the order of dates, without a token where it is whole', async () => {
    const list = await ask('verb=ListRecords&metadataPrefix=ivo_vor&set=ivo_managed')
    expect(ivoidsIn(list)).toEqual(ALL)
    expect(tokenIn(list)).toBeUndefined()
    expect(list.children[1]?.attributes).toEqual({ verb: 'ListRecords', metadataPrefix: 'ivo_vor', set: 'ivo_managed' })
  })

  test('a deleted record is a header alone', async () => {
    const [record] = answerIn(await ask('verb=GetRecord&metadataPrefix=oai_dc&identifier=ivo://o.example/OLD')).children
    expect(record?.children.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['header', { status: 'deleted' }],
    ])
  })

  test('Dublin Core says the same in its own words', async () => {
    const [record] = answerIn(await ask('verb=GetRecord&metadataPrefix=oai_dc&identifier=ivo://o.example/tap')).children
    const core = child(child(record, 'metadata'), 'oai_dc:dc')
    expect(core?.children.map(({ name, text }) => `${name.slice(3)} ${text}`)).toEqual([
      ...['title T', 'creator O', 'subject surveys', 'description d', 'publisher O', 'date 2026-11-20', 'type Catalog'],
      ...['identifier ivo://o.example/tap', 'identifier https://o.example/', 'rights r'],
    ])
  })

  test.each([
    ['from=2026-11-20', ALL.slice(3)],
    ['from=2026-11-20T23:59:59Z&until=2026-11-20T23:59:59Z', ['ivo://o.example/tap']],
    ['until=2026-11-20', ALL.slice(0, 4)],
    ['until=2026-11-19T00:00:00Z', ALL.slice(0, 3)],
  ])('%s: both ends count, a day to its last second', async (dates, ivoids) => {
    expect(ivoidsIn(await ask(`verb=ListIdentifiers&metadataPrefix=oai_dc&${dates}`))).toEqual(ivoids)
  })
})

describe(`lists in pages${NEEDS_XSD}`, () => {
  test.each([1, 2, 4])('of %i are the whole list together, and a token works twice', async (size) => {
    const found: unknown[] = []
    let query = 'verb=ListRecords&metadataPrefix=ivo_vor'
    let pages = 0
    while (query !== '') {
      const page = await ask(query, size)
      expect(await ask(query, size)).toEqual(page)
      expect(tokenIn(page)?.attributes).toEqual({ completeListSize: '5', cursor: String(found.length) })
      found.push(...ivoidsIn(page))
      const token = tokenIn(page)!.text
      expect(token).toMatch(/^[A-Za-z0-9_-]{0,511}$/)
      query = token === '' ? '' : `verb=ListRecords&resumptionToken=${token}`
      pages += 1
    }
    expect({ found, pages }).toEqual({ found: ALL, pages: Math.ceil(5 / size) })
  })

  test('a record that changes between two pages is sent again, and none is skipped', async () => {
    const first = await ask('verb=ListIdentifiers&metadataPrefix=ivo_vor', 2)
    const changed = [...RECORDS.slice(0, 4), holdRecord(authority!, day('25T00:00:00'))]
    const rest = await ask(`verb=ListIdentifiers&resumptionToken=${tokenIn(first)?.text}`, 100, changed)
    expect(ivoidsIn(rest)).toEqual([...ALL.slice(2), 'ivo://o.example'])
  })

  test('a page ends at 4 MiB, and has one record at least', async () => {
    const large = `<x xmlns="urn:x">${'y'.repeat(3 * 1024 * 1024)}</x>`
    const records = ['a', 'b'].map((name): HeldRecord => {
      return { ivoid: `ivo://o.example/${name}`, updated: NOW, formats: { ivo_vor: large, oai_dc: large } }
    })
    const text = await answerOai(
      [
        ['verb', 'ListRecords'],
        ['metadataPrefix', 'oai_dc'],
      ],
      repository,
      recordsInMemory(records),
      NOW,
    )
    expect(ivoidsIn(parseXml(text))).toEqual(['ivo://o.example/a'])
  })
})

const LIST = 'verb=ListRecords&metadataPrefix=ivo_vor'

test.each([
  ['badVerb', 'x=y'],
  ['badVerb', 'verb=Identify&verb=Identify'],
  ['badVerb', 'verb=identify'],
  ['badVerb', 'verb=%01'],
  ['badVerb', 'verb=constructor'],
  ['badArgument', 'verb=Identify&test=test'],
  ['badArgument', `${LIST}&metadataPrefix=ivo_vor`],
  ['badArgument', `${LIST}&resumptionToken=x`],
  ['badArgument', 'verb=ListRecords'],
  ['badArgument', 'verb=ListRecords&metadataPrefix='],
  ['badArgument', 'verb=ListRecords&metadataPrefix=a%20b'],
  ['badArgument', `${LIST}&set=../`],
  ['badArgument', `${LIST}&from=2001`],
  ['badArgument', `${LIST}&from=20200101`],
  ['badArgument', `${LIST}&from=2020-02-30`],
  ['badArgument', `${LIST}&from=2020-01-01T00:00:00`],
  ['badArgument', `${LIST}&from=2020-01-01T00:00:00.5Z`],
  ['badArgument', `${LIST}&from=2020-01-01T24:00:00Z`],
  ['badArgument', `${LIST}&from=2020-01-01T00:00:00%2B02:00`],
  ['badArgument', `${LIST}&from=2020-01-01&until=2020-01-01T00:00:00Z`],
  ['badArgument', `${LIST}&from=2020-01-02&until=2020-01-01`],
  ['badArgument', `${LIST}&set=nothing&from=junk`],
  ['badArgument', 'verb=GetRecord&metadataPrefix=ivo_vor&identifier=invalid"id'],
  ['badArgument', 'verb=GetRecord&metadataPrefix=ivo_vor&identifier=ivo://a/%00'],
  ['badResumptionToken', 'verb=ListRecords&resumptionToken=junk'],
  ['badResumptionToken', 'verb=ListRecords&resumptionToken='],
  ['badResumptionToken', 'verb=ListSets&resumptionToken=junk'],
  ['cannotDisseminateFormat', 'verb=ListRecords&metadataPrefix=marc'],
  ['idDoesNotExist', 'verb=GetRecord&metadataPrefix=ivo_vor&identifier=ivo://o.example/none'],
  ['idDoesNotExist', 'verb=ListMetadataFormats&identifier=ivo://o.example/none'],
  ['noRecordsMatch', `${LIST}&from=2999-01-01`],
  ['noRecordsMatch', `${LIST}&set=nothing`],
])('%s: %s', async (code, query) => {
  const { children } = await ask(query)
  expect(children.map(({ name }) => name)).toEqual(['responseDate', 'request', 'error'])
  expect(children[2]?.attributes).toEqual({ code })
  const isMalformed = code === 'badVerb' || code === 'badArgument'
  expect(Object.keys(children[1]?.attributes ?? {}).length > 0).toBe(!isMalformed)
})

test('a token is for its verb, and no part of it can be changed', async () => {
  const token = tokenIn(await ask(LIST, 2))!.text
  const refused = answerIn(await ask(`verb=ListIdentifiers&resumptionToken=${token}`))
  expect(refused.attributes).toEqual({ code: 'badResumptionToken' })
  expect(parseToken(token, 'ListRecords')?.position).toMatchObject({ ivoid: 'ivo://o.example/org', cursor: 2, size: 5 })
  for (const [index, character] of [...token].entries()) {
    for (const other of ['A', 'B', '_', '']) {
      if (other === character) continue
      expect(parseToken(token.slice(0, index) + other + token.slice(index + 1), 'ListRecords')).toBeNull()
    }
  }
})

/** A token with a right checksum that Almagest did not make: the checksum is no secret. */
function forgeToken(parts: unknown): string {
  const text = JSON.stringify(parts)
  const checksum = createHash('sha256').update(`almagest registry 1 ${text}`).digest('base64url').slice(0, 12)
  return Buffer.from(checksum + text).toString('base64url')
}

test.each<[string, number, unknown]>([
  ['format', 1, 'marc'],
  ['set', 2, 7],
  ['first date', 3, 'yesterday'],
  ['last date', 4, '2026-02-30'],
  ['date of the last record', 5, '2026-01-01'],
  ['last record', 6, null],
  ['position', 7, -1],
  ['size', 8, 1.5],
])('a forged token with another %s is not taken', (_, index, value) => {
  const parts = ['ListRecords', 'ivo_vor', null, null, null, '2026-01-01T00:00:00Z', 'ivo://o.example', 1, 5]
  expect(parseToken(forgeToken(parts), 'ListRecords')).not.toBeNull()
  expect(parseToken(forgeToken(parts.with(index, value as string)), 'ListRecords')).toBeNull()
  for (const odd of ['x', {}, [], parts.slice(1)]) expect(parseToken(forgeToken(odd), 'ListRecords')).toBeNull()
})

test('the question mark of the Registry of Registries is forgiven', async () => {
  const list = await ask('verb=ListRecords&?verb=ListRecords&metadataPrefix=ivo_vor&set=ivo_managed')
  expect(ivoidsIn(list)).toEqual(ALL)
  expect(answerIn(await ask('verb=ListRecords&?verb=Identify&metadataPrefix=ivo_vor')).attributes).toEqual({
    code: 'badArgument',
  })
})

const NAMES = [
  'verb',
  'metadataPrefix',
  'identifier',
  'from',
  'until',
  'set',
  'resumptionToken',
  '?verb',
  'Verb',
  '',
  '__proto__',
]
const VALUES = [
  ...[
    'Identify',
    'ListSets',
    'ListMetadataFormats',
    'ListIdentifiers',
    'ListRecords',
    'GetRecord',
    'ivo_vor',
    'oai_dc',
  ],
  ...[
    'ivo_managed',
    'ivo://o.example/tap',
    'ivo://o.example/old',
    '2026-11-19',
    '2026-11-20T23:59:59Z',
    '',
    'a b',
    '"<&',
  ],
]

test.skipIf(!HAS_XSD)(
  `whatever is asked, the answer is valid, and says what is wrong or what was asked for${NEEDS_XSD}`,
  async () => {
    const token = tokenIn(await ask(LIST, 2))!.text
    const verb = fc.constantFrom(...VALUES.slice(0, 6))
    const value = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...VALUES, token) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    )
    const pairs = fc.array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(verb, pairs, fc.boolean(), async (first, more, hasVerb) => {
        const given = hasVerb ? [['verb', first] as const, ...more] : more
        const text = await answerOai(given, { ...repository, pageSize: 2 }, recordsInMemory(RECORDS), NOW)
        await validateXml(text)
        const [, request, answer] = parseXml(text).children
        const code = answer!.attributes.code
        const isMalformed = code === 'badVerb' || code === 'badArgument'
        expect(Object.keys(request!.attributes)).toHaveLength(
          isMalformed ? 0 : given.filter(([name]) => name !== '?verb').length,
        )
        if (code === undefined) expect(answer!.name).toBe(request!.attributes.verb)
      }),
      { numRuns: 400 },
    )
  },
)
