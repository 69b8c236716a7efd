import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { buildRecords, describeRepository } from '../../shared/registry/build-records.ts'
import { answerOai } from '../../shared/registry/oai/answer.ts'
import { holdRecord, recordsInMemory } from '../../shared/registry/oai/memory-source.ts'
import { formatOwnCapabilities } from '../../shared/registry/own-records.ts'
import { environmentOf } from '../environment/parse-text.ts'
import { needs, pythonWith } from '../support/clients.ts'
import { HAS_DATA, NEEDS_DATA } from '../support/golden.ts'
import { HAS_XSD, validateXml } from '../support/xsd.ts'
import { environmentText } from './environment.ts'
import { liveOfExamples, parseXml, readExample, type Tree } from './examples.ts'

const NOW = new Date('2026-11-27T12:00:00Z')
const UPDATED = new Date('2026-11-20T06:12:40Z')

/** Answers for the records of an environment, each held against the schema. */
function open(text: string, live = new Map(), pageSize = 4) {
  const environment = environmentOf(text)
  const { records } = buildRecords(environment, live, { now: NOW })
  const source = recordsInMemory(records.map((record) => holdRecord(record, UPDATED)))
  const repository = { ...describeRepository(environment), pageSize }
  return async (query: string): Promise<Tree> => {
    const answer = await answerOai([...new URLSearchParams(query)], repository, source, NOW)
    if (HAS_XSD) await validateXml(answer)
    return parseXml(answer)
  }
}

const SERVER = '\ntap: { servers: { tap: { schemas: [dp1], databaseUrl: "postgresql://tap@h/tap" } } }\n'
const examples = () => open(readExample('environment.yaml') + SERVER, new Map([['tap', liveOfExamples()]]))

const named = (tree: Tree | undefined, name: string) => tree?.children.find((child) => child.name === name)
const all = (tree: Tree | undefined, name: string) => tree?.children.filter((child) => child.name === name) ?? []

async function harvest(ask: (query: string) => Promise<Tree>, first: string): Promise<readonly Tree[]> {
  const records: Tree[] = []
  for (let query = first; ; ) {
    const list = (await ask(query)).children[2]
    records.push(...all(list, 'record'))
    const token = named(list, 'resumptionToken')?.text
    if (!token) return records
    query = `verb=ListRecords&resumptionToken=${encodeURIComponent(token)}`
  }
}

describe.skipIf(!HAS_DATA)(`the Registry of Registries${NEEDS_DATA}`, () => {
  const SOME = 'ivo://observatory.example/tap'
  const LIST = 'verb=ListIdentifiers&metadataPrefix=oai_dc'

  /** What its OAI explorer asks before a registry is taken, and what it takes as an answer. */
  test.each<[string, readonly string[]]>([
    ['verb=Identify', ['Identify']],
    ['verb=Identify&test=test', ['badArgument']],
    ['verb=ListSets', ['ListSets']],
    ['verb=ListSets&resumptionToken=junktoken', ['badResumptionToken']],
    ['verb=ListMetadataFormats', ['ListMetadataFormats']],
    [`verb=ListMetadataFormats&identifier=${SOME}`, ['ListMetadataFormats']],
    ['verb=ListMetadataFormats&identifier=really_wrong_id', ['idDoesNotExist', 'badArgument']],
    ['verb=ListIdentifiers', ['badArgument']],
    [LIST, ['ListIdentifiers']],
    [`${LIST}&from=2000-01-01&until=2000-01-01`, ['ListIdentifiers', 'noRecordsMatch']],
    [`${LIST}&from=2002-02-05&until=2002-02-06T05:35:00Z`, ['badArgument']],
    [`${LIST}&resumptionToken=junktoken`, ['badArgument']],
    ['verb=ListIdentifiers&resumptionToken=junktoken', ['badResumptionToken']],
    [`${LIST}&from=junk`, ['badArgument']],
    [`${LIST}&set=really_wrong_set&from=some_random_date&until=other`, ['badArgument', 'noSetHierarchy']],
    [`${LIST}&set=ivo_managed`, ['ListIdentifiers']],
    ['verb=ListIdentifiers&metadataPrefix=really_wrong', ['cannotDisseminateFormat']],
    ['verb=ListRecords', ['badArgument']],
    ['verb=ListRecords&metadataPrefix=oai_dc', ['ListRecords']],
    ['verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc', ['badArgument']],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=2001', ['badArgument']],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=2020-01-02&until=2020-01-01', ['badArgument', 'noRecordsMatch']],
    ['verb=ListRecords&metadataPrefix=oai_dc&until=2025-11-20', ['noRecordsMatch']],
    ['verb=ListRecords&resumptionToken=', ['badResumptionToken', 'badArgument']],
    ['verb=GetRecord', ['badArgument']],
    [`verb=GetRecord&identifier=${SOME}`, ['badArgument']],
    [`verb=GetRecord&identifier=${SOME}&metadataPrefix=oai_dc`, ['GetRecord']],
    [`verb=GetRecord&identifier=${SOME}&metadataPrefix=really_wrong`, ['cannotDisseminateFormat']],
    ['verb=GetRecord&identifier=invalid"id&metadataPrefix=oai_dc', ['badArgument', 'idDoesNotExist']],
    ['verb=IllegalVerb', ['badVerb']],
    ['', ['badVerb']],
  ])('%s', async (query, accepted) => {
    const tree = await examples()(query)
    expect(accepted).toContain(tree.children[2]?.attributes.code ?? tree.children[2]?.name)
  })

  test('its harvester, which repeats the verb with a question mark, gets every record once', async () => {
    const first = 'verb=ListRecords&%3Fverb=ListRecords&metadataPrefix=ivo_vor&set=ivo_managed'
    const records = await harvest(examples(), first)
    const ivoids = records.map(({ children: [header] }) => named(header, 'identifier')?.text)
    expect(new Set(ivoids).size).toBe(12)
    expect(ivoids).toHaveLength(12)
    for (const record of records) {
      const resource = named(record, 'metadata')!.children[0]!
      expect(named(resource, 'identifier')?.text).toBe(named(record.children[0], 'identifier')?.text)
      expect(resource.attributes).toMatchObject({ status: 'active', updated: '2026-11-20T06:12:40Z' })
      expect(Date.parse(resource.attributes.created!)).toBeLessThan(NOW.getTime())
      expect(named(resource, 'identifier')?.text).toMatch(/^ivo:\/\/observatory\.example(?:\/|$)/)
    }
  })
})

interface Interface {
  readonly ivoid: string
  readonly standardId: string
  readonly type: string | undefined
  readonly role: string | undefined
  readonly accessUrl: string
  readonly secured: boolean
}

/** Interfaces as the searchable registries of GAVO and ESAC hold them (RegTAP 1.1 §8): in lower case. */
async function searchable(): Promise<readonly Interface[]> {
  const records = await harvest(examples(), 'verb=ListRecords&metadataPrefix=ivo_vor&set=ivo_managed')
  return records.flatMap((record) => {
    const resource = named(record, 'metadata')!.children[0]
    return all(resource, 'capability').flatMap((capability) =>
      all(capability, 'interface').map((item) => ({
        ivoid: named(resource, 'identifier')!.text.replace('ivo://observatory.example/', ''),
        standardId: capability.attributes.standardID!.toLowerCase(),
        type: item.attributes['xsi:type']?.toLowerCase(),
        role: item.attributes.role,
        accessUrl: named(item, 'accessURL')!.text,
        secured: named(item, 'securityMethod') !== undefined,
      })),
    )
  })
}

describe.skipIf(!HAS_DATA)(`pyvo and TOPCAT find by way of searchable registries${NEEDS_DATA}`, () => {
  test.each([
    ['the TAP service', 'ivo://ivoa.net/std/tap', ['tap'], 'https://data.observatory.example/api/tap'],
    [
      'what is in it',
      'ivo://ivoa.net/std/tap#aux',
      ['dp1', 'dp1/images', 'obscore'],
      'https://data.observatory.example/api/tap',
    ],
    ['images', 'ivo://ivoa.net/std/sia#query-2.0', ['sia/dp1'], 'https://data.observatory.example/api/sia/dp1/query'],
    [
      'links',
      'ivo://ivoa.net/std/datalink#links-1.1',
      ['datalink'],
      'https://data.observatory.example/api/datalink/links',
    ],
  ])('%s', async (_, standardId, ivoids, accessUrl) => {
    const found = (await searchable()).filter((item) => item.standardId === standardId)
    expect(found.map(({ ivoid }) => ivoid).sort()).toEqual([...ivoids].sort())
    for (const item of found)
      expect(item).toMatchObject({ type: 'vs:paramhttp', role: 'std', accessUrl, secured: true })
  })

  test('that documents about services are open to everybody', async () => {
    const documents = (await searchable()).filter(({ standardId }) => standardId.includes('/vosi#'))
    expect(documents.length).toBeGreaterThan(8)
    expect(documents.filter(({ secured }) => secured)).toEqual([])
  })
})

const PYTHON = pythonWith('pyvo')

const READ = `
import sys
from io import BytesIO
from pyvo.io.vosi import parse_capabilities
print([c.standardid for c in parse_capabilities(BytesIO(sys.stdin.buffer.read()))])`

test.skipIf(PYTHON === undefined)(
  `pyvo reads the capabilities of the registry${needs(PYTHON !== undefined, 'pyvo')}`,
  () => {
    const input = formatOwnCapabilities(environmentOf(environmentText()))
    const printed = execFileSync(PYTHON!, ['-c', READ], { input, encoding: 'utf8' })
    expect(printed.match(/ivo:[^']+/g)).toEqual([
      'ivo://ivoa.net/std/Registry',
      'ivo://ivoa.net/std/VOSI#capabilities',
      'ivo://ivoa.net/std/VOSI#availability',
    ])
  },
)

test('whatever texts the environment has, no record spoils the page for those who read it whole', async () => {
  const hostile = '"]]> <![CDATA[ & &amp; </ri:Resource> status=\\"active\\" <dc:type> $& \\u0007 \\ud83d\\ude80 <!--"'
  const text = environmentText({ tap: `, subjects: [${hostile}], instruments: [${hostile}]` }).replace(
    'title: T, description: d',
    () => `title: ${hostile}, description: ${hostile}`,
  )
  const ask = open(text, new Map(), 100)
  for (const prefix of ['ivo_vor', 'oai_dc']) {
    const records = await harvest(ask, `verb=ListRecords&metadataPrefix=${prefix}`)
    const metadata = records.map((record) => named(record, 'metadata')!.children[0]!)
    expect(metadata).toHaveLength(4)
    const titles = metadata.map((tree) => (named(tree, 'title') ?? named(tree, 'dc:title'))!.text)
    expect(titles).toContain(']]> <![CDATA[ & &amp; </ri:Resource> status="active" <dc:type> $& \ufffd 🚀 <!--')
    const dates = metadata.map((tree) => tree.attributes.updated ?? named(tree, 'dc:date')?.text)
    expect(new Set(dates).size).toBe(1)
  }
})
