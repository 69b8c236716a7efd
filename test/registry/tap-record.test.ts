import { describe, expect, test } from 'vitest'
import { siteFunctions } from '../../shared/adql/functions/site.ts'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { buildRecords, findRecord } from '../../shared/registry/build-records.ts'
import { tapServers } from '../../shared/registry/tap-servers.ts'
import { formatRecord } from '../../shared/registry/write-record.ts'
import { formatCapabilities } from '../../shared/tap/capabilities.ts'
import { describeService } from '../../shared/tap/describe-service.ts'
import { HAS_XSD, NEEDS_XSD, validateXml } from '../support/xsd.ts'
import { smallEnvironment } from './environment.ts'
import { parseXml } from './examples.ts'

const serverAt = (url: string) => `tap:
  servers:
    other: { schemas: [x], databaseUrl: "postgresql://h/x" }
    main:
      schemas: [dp1]
      databaseUrl: postgresql://h/tap
      service: { url: "${url}", access: { type: gafaelfawr, scopes: ["read:tap"] } }
discovery: { trustedProxy: true }
`
const OURS = 'https://o.example/api/tap'
const table = { schema_name: 'dp1', table_type: 'table', utype: null, description: null, table_index: null }
const ROWS = {
  schemas: [{ schema_name: 'dp1', utype: null, description: 'All & "sundry"', schema_index: 0 }],
  tables: [{ ...table, table_name: 'dp1.Object' }],
  columns: [],
  keys: [],
}
const LIVE = new Map([['main', { identity: '1', version: 'releases/v1', rows: ROWS }]])
const formatted = (changes: Parameters<typeof smallEnvironment>[0], live = LIVE) =>
  formatRecord(findRecord(buildRecords(smallEnvironment(changes), live).records, 'IVO://o.example/TAP')!, new Date())

describe('the record of a TAP service that Almagest answers', () => {
  const changes = { more: serverAt(OURS) }

  test('has the capabilities of its own document, element for element', () => {
    const service = smallEnvironment(changes).servers.get('main')!.service!
    const functions = STANDARD_FUNCTIONS.with(siteFunctions(service.functions))
    const document = parseXml(formatCapabilities(describeService({ service, functions }, ROWS)))
    const record = parseXml(formatted(changes))
    expect(document.children.length).toBeGreaterThan(3)
    expect(record.children.filter(({ name }) => name === 'capability')).toEqual(document.children)
  })

  test.skipIf(!HAS_XSD)(`is valid${NEEDS_XSD}`, async () => {
    await validateXml(formatted(changes))
  })

  test('names the live release and no scope', () => {
    expect(formatted(changes)).toContain('<version>releases/v1</version>')
    expect(formatted(changes)).not.toContain('read:tap')
  })

  test('is made from the server that has its URL', () => {
    expect(tapServers(smallEnvironment(changes)).map(({ name }) => name)).toEqual(['main'])
  })
})

describe('the record of a TAP service that another program answers', () => {
  test.skipIf(!HAS_XSD)(`is valid with what its entry says${NEEDS_XSD}`, async () => {
    const tap =
      ', adqlVersion: "2.0", uploadSupported: false, additionalOutputFormats: [{ mime: text/csv, alias: [csv] }]'
    const text = formatted({ tap })
    await validateXml(text)
    expect(text).toContain('<alias>csv</alias>')
    expect(text).not.toContain('uploadMethod')
  })

  test('has the tables of the server that is named', () => {
    const changes = { more: serverAt('https://elsewhere.example/tap'), registry: '  server: main' }
    expect(formatted(changes)).toContain('<name>dp1.Object</name>')
    expect(formatted({ more: serverAt('https://elsewhere.example/tap') })).not.toContain('<tableset>')
  })

  test('has one interface for each way to call it', () => {
    const registry =
      '  authenticated: [tap]\n  securityMethods: ["ivo://ivoa.net/sso#OAuth", "ivo://ivoa.net/sso#BasicAA"]'
    const methods = [...formatted({ registry }).matchAll(/<securityMethod standardID="([^"]+)"/g)]
    expect(methods.map(([, id]) => id)).toEqual(['ivo://ivoa.net/sso#OAuth', 'ivo://ivoa.net/sso#BasicAA'])
  })
})

test('a record that is not to be published is named by no other', () => {
  const tap = ', datasets: { dp1: { ivoid: "ivo://o.example/dp1", created: 2026-01-01, title: D, description: d } }'
  const withDataset = formatted({ tap })
  expect(withDataset).toContain('<relatedResource ivo-id="ivo://o.example/dp1">D</relatedResource>')
  const without = formatted({ tap, registry: '  entries: { "ivo://o.example/dp1": { publish: false } }' })
  expect(without).not.toContain('ivo://o.example/dp1')
})
