import { describe, expect, test } from 'vitest'
import { buildRecords, findRecord } from '../../shared/registry/build-records.ts'
import { formatRecord } from '../../shared/registry/write-record.ts'
import { environmentOf } from '../environment/parse-text.ts'
import { HAS_DATA, NEEDS_DATA } from '../support/golden.ts'
import { validateXml } from '../support/xsd.ts'
import { liveOfExamples, parseXml, readExample, type Tree } from './examples.ts'

const SERVER = '\ntap: { servers: { tap: { schemas: [dp1], databaseUrl: "postgresql://tap@h/tap" } } }\n'
const UPDATED = new Date('2026-11-20T06:12:40Z')

function build() {
  const environment = environmentOf(readExample('environment.yaml') + SERVER)
  return buildRecords(environment, new Map([['tap', liveOfExamples()]]), { now: new Date('2026-11-26T16:00:00Z') })
}

function formatted(ivoid: string): string {
  return formatRecord(findRecord(build().records, ivoid)!, UPDATED)
}

/** The examples have words of their own, and say of services, tables and TAP settings what no key and no slot says. */
const OWN_WORDS: readonly string[] = [
  ...[
    'ri:Resource/shortName',
    'contact/name',
    'relationship/relatedResource',
    'schema/title',
    'table/title',
    'table/nrows',
  ],
  ...['capability/maxRecords', 'capability/testQuery'],
  ...[
    'language',
    'outputFormat',
    'uploadMethod',
    'retentionPeriod',
    'executionDuration',
    'outputLimit',
    'uploadLimit',
  ].map((name) => `tr:TableAccess/${name}`),
]
/** Titles and descriptions of the three records of the registry itself. */
const OWN_RECORDS: readonly string[] = [
  'content/subject',
  'content/description',
  'ri:Resource/title',
  'ri:Resource/facility',
]
/** What VODataService lets writers leave out. */
const LEFT_OUT = { table: ['type'], column: ['std'] } as const

function meaningOf(tree: Tree, ignored: readonly string[]): unknown {
  const within = tree.attributes['xsi:type'] ?? tree.name
  const children = tree.children.filter(
    ({ name, text }) =>
      !ignored.includes(`${tree.name}/${name}`) &&
      !ignored.includes(`${within}/${name}`) &&
      !(name === 'flag' && text === 'primary'),
  )
  const dropped: readonly string[] = LEFT_OUT[tree.name as keyof typeof LEFT_OUT] ?? []
  const attributes = Object.entries(tree.attributes).filter(([name]) => !dropped.includes(name))
  const isNumbers = /^[\d.e -]+$/.test(tree.text) && ['temporal', 'spectral'].includes(tree.name)
  return {
    name: tree.name,
    attributes: Object.fromEntries(attributes),
    text: isNumbers ? tree.text.split(' ').map(Number) : tree.text,
    children: children.map((child) => meaningOf(child, ignored)),
  }
}

/** Less what one example has that another says is otherwise. */
function withoutCapability(tree: Tree, standardID: string): Tree {
  return { ...tree, children: tree.children.filter(({ attributes }) => attributes.standardID !== standardID) }
}

describe.skipIf(!HAS_DATA)(`the records of the example environment${NEEDS_DATA}`, () => {
  test('nothing is wrong with them', () => {
    expect(build().problems).toEqual([])
  })

  test('there is one for everything that is here, and none of what is not', () => {
    expect(
      build().records.map(({ kind, ivoid }) => `${kind} ${ivoid.slice('ivo://observatory.example'.length)}`),
    ).toEqual([
      'registry /registry',
      'authority ',
      'organisation /org',
      'tap /tap',
      'sia /sia/dp1',
      'gms /groups',
      'soda /cutout',
      'datalink /datalink',
      'hips /hips/dp1',
      'obscore /obscore',
      'catalogue /dp1',
      'images /dp1/images',
    ])
  })

  test('each is valid against the schemas of the Virtual Observatory', async () => {
    const { records } = build()
    for (const record of records) await validateXml(formatRecord(record, UPDATED))
    expect(records).toHaveLength(12)
  })

  test.each([
    ['sia2-service.xml', 'sia/dp1'],
    ['soda-service.xml', 'cutout'],
    ['datalink-service.xml', 'datalink'],
    ['gms-service.xml', 'groups'],
    ['hips-list-service.xml', 'hips/dp1'],
    ['dataset-catalogue.xml', 'dp1'],
    ['dataset-images.xml', 'dp1/images'],
  ])('%s is equal in meaning', (file, path) => {
    const own = parseXml(formatted(`ivo://observatory.example/${path}`))
    expect(meaningOf(own, OWN_WORDS)).toEqual(meaningOf(parseXml(readExample(file)), OWN_WORDS))
  })

  test.each([
    ['registry.xml', 'ivo://observatory.example/registry'],
    ['authority.xml', 'ivo://observatory.example'],
    ['organisation.xml', 'ivo://observatory.example/org'],
  ])('%s is equal in meaning but for its words', (file, ivoid) => {
    const ignored = OWN_WORDS.filter((name) => name !== 'capability/maxRecords').concat(OWN_RECORDS)
    expect(meaningOf(parseXml(formatted(ivoid)), ignored)).toEqual(meaningOf(parseXml(readExample(file)), ignored))
  })

  test('the TAP service is as in its example, with every schema that is live', () => {
    const ignored = [...OWN_WORDS, 'tableset/schema']
    const example = withoutCapability(parseXml(readExample('tap-service.xml')), 'ivo://ivoa.net/std/DALI#examples')
    const own = parseXml(formatted('ivo://observatory.example/tap'))
    expect(meaningOf(own, ignored)).toEqual(meaningOf(example, ignored))
    const tableset = own.children.find(({ name }) => name === 'tableset')
    expect(tableset?.children.map(({ children }) => children[0]?.text)).toEqual(['dp1', 'ivoa'])
  })

  test('ObsCore is called as the TAP service is: with a token', () => {
    const own = parseXml(formatted('ivo://observatory.example/obscore'))
    const capability = own.children.find(({ name }) => name === 'capability')
    expect(capability?.children[0]?.children.map(({ name }) => name)).toEqual(['accessURL', 'securityMethod'])
    const ignored = [...OWN_WORDS, 'interface/securityMethod']
    expect(meaningOf(own, ignored)).toEqual(meaningOf(parseXml(readExample('dataset-obscore.xml')), ignored))
  })
})

describe.skipIf(!HAS_DATA)(`records that somebody wrote as XML${NEEDS_DATA}`, () => {
  test.each(['cone-search-service.xml', 'document-tutorial.xml', 'standard-keys.xml'])(
    '%s is as it was',
    async (file) => {
      const environment = environmentOf(readExample('environment.yaml'))
      const files = new Map([[file, readExample(file)]])
      const { records, problems, isComplete } = buildRecords(environment, new Map(), { files })
      expect({ problems, isComplete }).toEqual({ problems: [], isComplete: true })
      const text = formatRecord(records.find(({ kind }) => kind === 'own')!, UPDATED)
      await validateXml(text)
      expect(parseXml(text)).toEqual(parseXml(readExample(file)))
    },
  )

  test('each survey of a HiPS list can have a record, with coverage and rights of its list', async () => {
    const settings = 'hipsSurveys: true\n  securityMethods:'
    const environment = environmentOf(readExample('environment.yaml').replace('securityMethods:', settings))
    const { records, problems } = buildRecords(environment, new Map())
    expect(problems).toEqual([])
    const record = findRecord(records, 'ivo://observatory.example/hips/dp1/color_gri')!
    const text = formatRecord(record, UPDATED)
    await validateXml(text)
    const ignored = [
      'ri:Resource/shortName',
      'ri:Resource/title',
      'content/description',
      'relationship/relatedResource',
    ]
    const more = ['contact/name', 'ri:Resource/coverage', 'interface/accessURL', 'ri:Resource/instrument']
    const example = parseXml(readExample('hips-survey.xml'))
    expect(meaningOf(parseXml(text), [...ignored, ...more])).toEqual(meaningOf(example, [...ignored, ...more]))
    expect(text).toContain('<accessURL use="base">https://hips-source.observatory.example/dp1/images/color_gri<')
  })
})
