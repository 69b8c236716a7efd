import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialiseRegistry } from '../../shared/registry/state/record-table.ts'
import { environmentText } from '../registry/environment.ts'
import { parseXml, type Tree } from '../registry/examples.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { HAS_XSD, NEEDS_XSD, validateXml } from '../support/xsd.ts'
import {
  goLive,
  prepareDatabase,
  type RegistryAnswer,
  type RegistryUnderTest,
  startRegistry,
} from './registry-service.ts'

let database: TestDatabase
let login: string
let registry: RegistryUnderTest

const DATASET = ', datasets: { dp1: { ivoid: "ivo://o.example/dp1", created: 2026-01-01, title: D, description: d } }'
const environment = (tap = DATASET, pageSize = 2) =>
  environmentText({
    tap,
    more: `tap: { servers: { main: { schemas: [survey], databaseUrl: "${database.urlAs(login)}" } } }`,
  }).replace('pageSize: 100', `pageSize: ${pageSize}`)

beforeAll(async () => {
  const prepared = await prepareDatabase()
  database = prepared.database
  login = prepared.login
  await goLive(database, 'releases/v1', login)
  registry = await startRegistry(environment())
})
afterAll(async () => {
  registry?.stop()
  await database?.drop()
})

async function treeOf(answer: RegistryAnswer): Promise<Tree> {
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toBe('text/xml; charset=utf-8')
  if (HAS_XSD) await validateXml(answer.text)
  return parseXml(answer.text)
}

const ask = async (query: string, instance = registry) => treeOf(await instance.ask(query))
const named = (tree: Tree | undefined, name: string) => tree?.children.find((child) => child.name === name)
const headersIn = (tree: Tree) =>
  (tree.children[2]?.children ?? []).flatMap((item) =>
    item.name === 'record' ? item.children.slice(0, 1) : item.name === 'header' ? [item] : [],
  )
const ivoidsIn = (tree: Tree) => headersIn(tree).map((header) => named(header, 'identifier')!.text)
const codeOf = (tree: Tree) => named(tree, 'error')?.attributes.code
const tokenOf = (tree: Tree) => named(tree.children[2], 'resumptionToken')

const messagesOf = ({ log }: RegistryUnderTest) => log.map(({ message }) => message)

/** All pages: what was published in the second of `from` is among them. */
async function harvest(verb: string, query: string, of = registry): Promise<Tree[]> {
  const pages = [await ask(`verb=${verb}&${query}`, of)]
  for (let token = tokenOf(pages[0]!)?.text; token; token = tokenOf(pages.at(-1)!)?.text) {
    pages.push(await ask(`verb=${verb}&resumptionToken=${encodeURIComponent(token)}`, of))
  }
  return pages
}

const ALL = ['ivo://o.example', ...['dp1', 'org', 'registry', 'tap'].map((path) => `ivo://o.example/${path}`)]
const LIST = 'verb=ListIdentifiers&metadataPrefix=ivo_vor'

describe(`answers${NEEDS_XSD}`, () => {
  test('Identify says what the environment says, whatever host was asked', async () => {
    const tree = await treeOf(await registry.call('GET', '/oai?verb=Identify', { host: 'elsewhere.example' }))
    const [date, request, identify] = tree.children
    expect(Math.abs(Date.parse(date!.text) - Date.now())).toBeLessThan(60_000)
    expect(request).toMatchObject({ attributes: { verb: 'Identify' }, text: 'https://o.example/api/registry' })
    const fields = Object.fromEntries(identify!.children.map(({ name, text }) => [name, text]))
    expect(fields).toMatchObject({
      ...{ repositoryName: 'R', baseURL: 'https://o.example/api/registry', protocolVersion: '2.0' },
      ...{ adminEmail: 'r@o.example', deletedRecord: 'persistent', granularity: 'YYYY-MM-DDThh:mm:ssZ' },
      compression: 'gzip',
    })
    const [own] = named(identify, 'description')!.children
    expect(own?.attributes).toMatchObject({ 'xsi:type': 'vg:Registry', status: 'active' })
    expect(fields.earliestDatestamp).toBe(own?.attributes.updated)
  })

  test('every record is there in both formats, with the date and identifier of its header', async () => {
    for (const prefix of ['ivo_vor', 'oai_dc']) {
      for (const ivoid of ALL) {
        const tree = await ask(`verb=GetRecord&metadataPrefix=${prefix}&identifier=${ivoid.toUpperCase()}`)
        const [header, metadata] = tree.children[2]!.children[0]!.children
        const [content] = metadata!.children
        expect(named(header, 'identifier')?.text).toBe(ivoid)
        if (prefix === 'oai_dc') expect(content?.children.map(({ text }) => text)).toContain(ivoid)
        else {
          expect(named(content, 'identifier')?.text).toBe(ivoid)
          expect(content?.attributes.updated).toBe(named(header, 'datestamp')?.text)
        }
      }
    }
  })

  test('the record of the TAP service has the version and tables that are live', async () => {
    const { text } = await registry.ask('verb=GetRecord&metadataPrefix=ivo_vor&identifier=ivo://o.example/tap')
    expect(text).toContain('<version>releases/v1</version>')
    expect(text).toContain('<table type="base_table">')
  })

  test('a harvest in pages that is broken off goes on at another instance, and is the list', async () => {
    const other = await startRegistry(environment())
    const found: string[] = []
    let query = `${LIST}&set=ivo_managed`
    for (const instance of [registry, other, registry, other]) {
      const page = await ask(query, instance)
      const token = tokenOf(page)!
      expect(token.attributes).toEqual({ completeListSize: '5', cursor: String(found.length) })
      found.push(...ivoidsIn(page))
      query = `verb=ListIdentifiers&resumptionToken=${token.text}`
      if (token.text === '') break
    }
    other.stop()
    expect(found).toEqual(ALL)
  })

  test('from and until are the very second, a day, or neither', async () => {
    const stamp = named(headersIn(await ask(LIST))[0], 'datestamp')!.text
    const day = stamp.slice(0, 10)
    for (const dates of [`from=${stamp}&until=${stamp}`, `from=${day}&until=${day}`, `until=${day}`, `from=${stamp}`]) {
      expect(ivoidsIn(await ask(`${LIST}&${dates}`)), dates).toHaveLength(2)
    }
    const before = new Date(Date.parse(stamp) - 1000).toISOString().replace('.000', '')
    const year = new Date(Date.parse(stamp) - 366 * 86_400_000).toISOString().slice(0, 10)
    for (const dates of [`until=${before}`, `until=${year}`, 'from=9999-12-31', 'until=0001-01-01'])
      expect(codeOf(await ask(`${LIST}&${dates}`)), dates).toBe('noRecordsMatch')
  })

  test('POST takes the same arguments as a form, and together with those of the address', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const whole = await registry.call('POST', '/oai', form, `${LIST}&set=ivo_managed`)
    expect(ivoidsIn(await treeOf(whole))).toEqual(ALL.slice(0, 2))
    const mixed = await registry.call('POST', '/oai?verb=ListIdentifiers', form, 'metadataPrefix=oai_dc')
    expect(ivoidsIn(await treeOf(mixed))).toEqual(ALL.slice(0, 2))
    const twice = await registry.call('POST', `/oai?${LIST}`, form, 'metadataPrefix=ivo_vor')
    expect(codeOf(await treeOf(twice))).toBe('badArgument')
    expect(codeOf(await treeOf(await registry.call('POST', '/oai', form, '')))).toBe('badVerb')
    expect((await registry.call('POST', '/oai', { 'content-type': 'text/xml' }, '<a/>')).status).toBe(415)
    expect((await registry.call('POST', '/oai', form, `${LIST}&set=${'x'.repeat(9000)}`)).status).toBe(413)
  })
})

describe('requests that mean nothing', () => {
  test.each([
    ['badVerb', ''],
    ['badVerb', '&&'],
    ['badVerb', 'verb'],
    ['badVerb', 'verb='],
    ['badVerb', 'verb=%zz'],
    ['badVerb', 'verb=%ff'],
    ['badVerb', 'Verb=Identify'],
    ['badVerb', 'verb=Identify%00'],
    ['badVerb', '__proto__=x'],
    ['badArgument', 'verb=Identify&__proto__=x'],
    ['badArgument', 'verb=Identify&verb%00=x'],
    ['badArgument', `${LIST}&set=`],
    ['badArgument', `${LIST}&from=`],
    ['badArgument', `${LIST}&until=`],
    ['badArgument', `${LIST}&set=a%00b`],
    ['badArgument', `${LIST}&set=%ff`],
    ['badArgument', `${LIST}&set=%zz`],
    ['badArgument', `${LIST}&set=<&from=2001-01-01`],
    ['badArgument', `${LIST}&from=2001-01-01T25:00:00Z`],
    ['badArgument', `${LIST}&from=0000-01-01`],
    ['badArgument', `${LIST}&from=2001-01-01&from=2001-01-01`],
    ['badArgument', `${LIST}&from=2001-01-01T00:00:00z`],
    ['badArgument', 'verb=GetRecord&metadataPrefix=ivo_vor'],
    ['badArgument', 'verb=GetRecord&metadataPrefix=ivo_vor&identifier='],
    ['badArgument', 'verb=GetRecord&metadataPrefix=ivo_vor&identifier=ivo://[x'],
    ['badArgument', 'verb=GetRecord&metadataPrefix=ivo_vor&identifier=ivo://x:y/z'],
    ['badArgument', 'verb=GetRecord&metadataPrefix=ivo_vor&identifier=ivo://x/%c3%a4'],
    ['badArgument', 'verb=ListMetadataFormats&identifier='],
    ['badArgument', 'verb=ListSets&metadataPrefix=ivo_vor'],
    ['badArgument', 'verb=ListRecords&resumptionToken=x&resumptionToken=x'],
    ['badResumptionToken', `verb=ListRecords&resumptionToken=${'A'.repeat(8000)}`],
    ['badResumptionToken', 'verb=ListRecords&resumptionToken=%27%3B%20drop%20table'],
    ['badResumptionToken', 'verb=ListIdentifiers&resumptionToken=%e2%82%ac'],
    ['cannotDisseminateFormat', "verb=ListRecords&metadataPrefix=a'b"],
    ['idDoesNotExist', "verb=GetRecord&metadataPrefix=ivo_vor&identifier=ivo://x/'%3Bdrop"],
    ['idDoesNotExist', 'verb=ListMetadataFormats&identifier=urn:isbn:1'],
    ['noRecordsMatch', `${LIST}&set=ivo_managed:more`],
    ['noRecordsMatch', `${LIST}&set='--`],
  ])('%s: %s', async (code, query) => {
    const tree = await ask(query)
    expect(tree.children.map(({ name }) => name)).toEqual(['responseDate', 'request', 'error'])
    expect(codeOf(tree)).toBe(code)
  })

  test('other methods, and an address that is too long', async () => {
    const put = await registry.call('PUT', '/oai?verb=Identify')
    expect(put).toMatchObject({ status: 405, headers: { allow: 'GET, POST, HEAD, OPTIONS' } })
    expect((await registry.ask(`verb=Identify&x=${'y'.repeat(9000)}`)).status).toBe(414)
    expect((await registry.call('GET', '/oais')).status).toBe(404)
  })
})

describe('HTTP', () => {
  test('HEAD has the headers of GET', async () => {
    const [get, head] = [await registry.ask('verb=ListSets'), await registry.call('HEAD', '/oai?verb=ListSets')]
    expect(head).toMatchObject({ status: 200, text: '' })
    for (const name of ['content-type', 'etag', 'cache-control', 'content-length'])
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]])
  })

  test('an answer that differs in nothing but its date is not sent again', async () => {
    const { headers } = await registry.ask('verb=Identify')
    expect(headers).toMatchObject({ 'cache-control': 'no-cache', 'access-control-allow-origin': '*' })
    const again = await registry.call('GET', '/oai?verb=Identify', { 'if-none-match': headers.etag })
    expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' })
    const other = await registry.call('GET', '/oai?verb=ListSets', { 'if-none-match': headers.etag })
    expect(other.status).toBe(200)
  })

  test('the compression that Identify names is used for who takes it', async () => {
    const packed = await registry.call('GET', '/oai?verb=Identify', { 'accept-encoding': 'gzip, br' })
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
    expect(packed.text).toContain('<compression>gzip</compression>')
    expect((await registry.ask('verb=Identify')).headers['content-encoding']).toBeUndefined()
  })

  test(`the documents that the record of the registry links to say the same${NEEDS_XSD}`, async () => {
    const own = await ask('verb=GetRecord&metadataPrefix=ivo_vor&identifier=ivo://o.example/registry')
    const [resource] = named(own.children[2]!.children[0], 'metadata')!.children
    const capabilities = await treeOf(await registry.call('GET', '/api/registry/capabilities'))
    expect(resource!.children.filter(({ name }) => name === 'capability')).toEqual(capabilities.children)
    const links = capabilities.children.map((capability) => named(named(capability, 'interface'), 'accessURL')!.text)
    expect(links).toEqual(['', '/capabilities', '/availability'].map((end) => `https://o.example/api/registry${end}`))
    const availability = await treeOf(await registry.call('GET', '/availability'))
    expect(named(availability, 'available')?.text).toBe('true')
    const root = await registry.call('GET', '/capabilities')
    const known = await registry.call('GET', '/capabilities', { 'if-none-match': root.headers.etag })
    expect(known.status).toBe(304)
  })

  test('the registered path is answered too', async () => {
    const tree = await treeOf(await registry.call('GET', '/api/registry?verb=Identify'))
    expect(tree.children[2]?.name).toBe('Identify')
  })

  test('it describes itself, and is healthy', async () => {
    const { paths } = JSON.parse((await registry.call('GET', '/openapi.json')).text)
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/oai', '/api/registry', '/api/registry/capabilities', '/availability', '/refresh']),
    )
    expect((await registry.call('GET', '/healthz')).status).toBe(200)
  })
})

describe('what changes', () => {
  test('a swap changes date and content of the records of the TAP service and its tables, and a removed service is seen', async () => {
    const since = (await ask('verb=Identify')).children[0]!.text
    await goLive(database, 'releases/v2', login, new Map([['survey.yaml', sampleSchema('dp1')]]))
    const text = JSON.stringify(await harvest('ListRecords', `metadataPrefix=ivo_vor&from=${since}`))
    expect(text).toContain('releases/v2')
    expect(text).toContain('dp1.object')
    const without = await startRegistry(environment(''))
    const deleted = await harvest('ListIdentifiers', `metadataPrefix=ivo_vor&from=${since}`, without)
    const states = deleted
      .flatMap(headersIn)
      .map((header) => [named(header, 'identifier')?.text, header.attributes.status])
    without.stop()
    expect(states).toContainEqual(['ivo://o.example/dp1', 'deleted'])
    const late = await registry.call('POST', '/refresh')
    expect(JSON.parse(late.text)).toEqual({ outcome: 'outdated', added: 0, changed: 0, deleted: 0, held: [] })
    expect(messagesOf(registry)).toContainEqual(expect.stringContaining('a later deployment'))
  })

  test('a record that must not be published is reported, and the others are', async () => {
    const wrong = await startRegistry(environment(', subjects: ["Big Surveys"]'))
    expect(JSON.parse((await wrong.call('POST', '/refresh')).text)).toMatchObject({ outcome: 'compared', held: [] })
    const messages = messagesOf(wrong)
    expect(messages).toContainEqual(expect.stringContaining('Thesaurus are in lower case'))
    expect(messages).toContain('records of the registry have changed')
    wrong.stop()
  })
})

describe('faults', () => {
  test('a database that does not answer is 503, and said in /availability', async () => {
    const text = environment().replace(/postgresql:[^"]+/, 'postgresql://nobody@127.0.0.1:9/none')
    const away = await startRegistry(text)
    const { status, headers, text: body } = await away.ask('verb=Identify')
    expect({ status, retry: Number(headers['retry-after']) > 0 }).toEqual({ status: 503, retry: true })
    expect(body).toBe('The registry cannot read its records at the moment: try again later.\n')
    expect((await away.call('GET', '/availability')).text).toContain('<available>false</available>')
    expect((await away.call('GET', '/capabilities')).status).toBe(200)
    away.stop()
  })

  test('a database without the tables says how they are made, and one without records why there are none', async () => {
    const empty = await createTestDatabase()
    const text = (url: string, adminEmail: string) =>
      environmentText({ adminEmail, more: `tap: { servers: { main: { schemas: [survey], databaseUrl: "${url}" } } }` })
    const unprepared = await startRegistry(text(empty.url, 'r@o.example'))
    expect((await unprepared.ask('verb=Identify')).status).toBe(503)
    expect(messagesOf(unprepared)).toContainEqual(expect.stringContaining('run `almagest init` on it again'))
    unprepared.stop()
    const client = await empty.pool.connect()
    await initialiseRegistry(client, [])
    client.release()
    const stranger = await empty.createLogin()
    const refused = await startRegistry(text(empty.urlAs(stranger), 'r@o.example'))
    expect((await refused.ask('verb=Identify')).status).toBe(503)
    expect(messagesOf(refused)).toContainEqual(expect.stringContaining('--registry-user'))
    refused.stop()
    const wrong = await startRegistry(text(empty.url, 'nobody'))
    expect((await wrong.ask('verb=Identify')).status).toBe(503)
    expect(messagesOf(wrong)).toContainEqual(expect.stringContaining('the registry has no records yet'))
    expect(messagesOf(wrong)).toContainEqual(expect.stringContaining('adminEmail is not'))
    wrong.stop()
  })
})
