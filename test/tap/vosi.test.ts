import { describe, expect, test } from 'vitest'
import { FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { formatAvailability } from '../../shared/tap/availability.ts'
import { formatCapabilities, type ServiceDescription } from '../../shared/tap/capabilities.ts'
import { formatTable, formatTables } from '../../shared/tap/tables.ts'
import { HAS_XSD, NEEDS_XSD, validateXml } from '../support/xsd.ts'
import { SAMPLE_ROWS } from './sample-rows.ts'

const SERVICE: ServiceDescription = {
  url: 'https://data.example.org/api/tap',
  functions: FUNCTIONS,
  obsCore: true,
  examples: true,
  access: 'anonymous',
  limits: {
    maxrec: { default: 1000, hard: 5000 },
    execution: { default: 60, hard: 540 },
    retention: { default: 604_800, hard: 2_592_000 },
    uploads: { tables: 4, rows: 100 },
  },
}

/** The texts of an element, in their order. */
function textsOf(document: string, name: string): string[] {
  return [...document.matchAll(new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`, 'g'))].map((match) => match[1] ?? '')
}

describe('VOS-2 /capabilities', () => {
  const document = formatCapabilities(SERVICE)

  test('has one TAP capability whose standard interface is 1.1 at the base URL', () => {
    expect(document.match(/standardID="ivo:\/\/ivoa\.net\/std\/TAP"/g)).toHaveLength(1)
    expect(document).toMatch(
      /<interface xsi:type="vs:ParamHTTP" role="std" version="1\.1">\s*<accessURL use="base">https:\/\/data\.example\.org\/api\/tap</,
    )
    expect(textsOf(document, 'accessURL')).toEqual(
      ['', '/capabilities', '/availability', '/tables', '/examples'].map((path) => SERVICE.url + path),
    )
  })

  test('declares every user defined function and every function of geometry, with their forms', () => {
    const forms = textsOf(document, 'form')
    for (const form of [
      'POINT',
      'CONTAINS',
      'LOWER',
      'IN_UNIT',
      'WITH',
      'CAST',
      'OFFSET',
      'UNION',
      'COALESCE(x ANY, …) -&gt; same',
    ])
      expect(forms).toContain(form)
    const udfs = FUNCTIONS.filter(({ group }) => group === 'udf')
    expect(udfs.length).toBeGreaterThan(0)
    for (const { name } of udfs) expect(forms.some((form) => form.startsWith(`${name}(`))).toBe(true)
    expect(forms).not.toContain('SIN')
  })

  test('says what it limits', () => {
    expect(document).toMatch(/<outputLimit>\s*<default unit="row">1000<\/default>\s*<hard unit="row">5000<\/hard>/)
    expect(document).toMatch(/<uploadLimit>\s*<hard unit="row">100</)
    expect(document).toMatch(/<executionDuration>\s*<default>60<\/default>\s*<hard>540</)
  })

  test('leaves out what there is not', () => {
    const limits = {
      maxrec: { default: 1000, hard: null },
      execution: { default: 60, hard: 60 },
      retention: null,
      uploads: { tables: 0, rows: 1 },
    }
    const bare = formatCapabilities({ ...SERVICE, functions: [], obsCore: false, examples: false, limits })
    for (const absent of ['upload', 'dataModel', 'examples', 'features-udf', '<hard unit'])
      expect(bare).not.toContain(absent)
  })

  test('says how to say who one is where one has to', () => {
    expect(document).not.toContain('securityMethod')
    expect(formatCapabilities({ ...SERVICE, access: 'token' })).toContain('ivo://ivoa.net/sso#OAuth')
  })
})

describe('VOS-3 /tables', () => {
  test('with detail=max has columns with their types, flags and keys', () => {
    const document = formatTables(SAMPLE_ROWS, 'max')
    expect(document).toContain('<dataType xsi:type="vs:VOTableType" arraysize="32*">char</dataType>')
    expect(document).toContain(
      '<dataType xsi:type="vs:VOTableType" arraysize="*" extendedType="timestamp">char</dataType>',
    )
    expect(document).toContain('<column std="true">')
    expect(textsOf(document, 'flag')).toEqual(['indexed', 'principal'])
    expect(textsOf(document, 'fromColumn')).toEqual(['ra', 'name'])
    expect(textsOf(document, 'targetTable')).toEqual(['sky.&quot;My &amp; &lt;Field&gt;&quot;'])
  })

  test('with detail=min has schemas and tables alone', () => {
    const document = formatTables(SAMPLE_ROWS, 'min')
    expect(document).not.toMatch(/<column|<foreignKey/)
    expect(textsOf(document, 'name')).toEqual(['sky', 'sky.star', 'sky.&quot;My &amp; &lt;Field&gt;&quot;', 'empty'])
  })
})

describe('VOS-4 /tables/{table}', () => {
  test('is one table, by exactly the name in TAP_SCHEMA', () => {
    const document = formatTable(SAMPLE_ROWS, 'sky."My & <Field>"') ?? ''
    expect(document).toMatch(/<vosi:table [^>]*type="view">/)
    expect(textsOf(document, 'name')).toEqual(['sky.&quot;My &amp; &lt;Field&gt;&quot;', '&quot;order&quot;'])
  })

  test.each(['sky.Star', 'star', 'sky', ''])('is not there by the name %j', (name) => {
    expect(formatTable(SAMPLE_ROWS, name)).toBeUndefined()
  })
})

describe.skipIf(!HAS_XSD)(`by the published schemas${NEEDS_XSD}`, () => {
  test.each([
    [
      'VOS-1 /availability',
      () => formatAvailability({ available: true, upSince: '2026-01-01T00:00:00Z', notes: ['a'] }),
    ],
    ['/availability of a service that is down', () => formatAvailability({ available: false })],
    ['VOS-2 /capabilities', () => formatCapabilities(SERVICE)],
    ['/capabilities with tokens', () => formatCapabilities({ ...SERVICE, access: 'token' })],
    ['VOS-3 /tables, detail=max', () => formatTables(SAMPLE_ROWS, 'max')],
    ['VOS-3 /tables, detail=min', () => formatTables(SAMPLE_ROWS, 'min')],
    ['VOS-4 /tables/{table}', () => formatTable(SAMPLE_ROWS, 'sky.star') ?? ''],
  ])('%s is valid', async (_what, format) => {
    await validateXml(format())
  })

  test('the schemas refuse what they do not know', async () => {
    const broken = formatTables(SAMPLE_ROWS, 'min').replace('<name>sky</name>', '<nom>sky</nom>')
    await expect(validateXml(broken)).rejects.toThrow(/nom/)
  })
})
