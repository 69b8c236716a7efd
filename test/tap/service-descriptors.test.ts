import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ResultColumn } from '../../shared/adql/resolved.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { BIGINT, TEXT } from '../../shared/adql/value-type.ts'
import { fieldsOf } from '../../shared/query/fields.ts'
import { packZip } from '../../shared/releases/publish/pack-zip.ts'
import type { ReleaseBucket } from '../../shared/releases/release-bucket.ts'
import type { LiveMetadata } from '../../shared/tap/live-metadata.ts'
import { openServiceDescriptors } from '../../shared/tap/service-descriptors.ts'
import { findXmlFault } from '../../shared/xml/find-fault.ts'
import { DATA, HAS_DATA, NEEDS_DATA } from '../support/golden.ts'

const NAMING = { bucket: 'releases', template: '{version}/schemas.tar.gz' }

function live(version: string): LiveMetadata {
  const source = { bucket: 'releases', object: `${version}/schemas.tar.gz`, generation: '1', sha256: '', bytes: 1 }
  return {
    ...{ identity: version, version, versioned: true, loadedAt: null, source },
    ...{ tables: new TableSet([]), slotTables: new Set(), lockSql: '' },
    rows: { schemas: [], tables: [], columns: [], keys: [] },
  }
}

/** Descriptors of a bucket that holds these objects, or throws these errors. */
function serve(objects: Readonly<Record<string, Uint8Array | Error>>) {
  const reads: string[] = []
  const said: string[] = []
  const bucket: ReleaseBucket = {
    stat: async () => undefined,
    async read(name) {
      reads.push(name)
      const content = objects[name]
      if (content instanceof Error) throw content
      return content === undefined ? undefined : { object: {} as never, content: Buffer.from(content) }
    },
  }
  const say = (message: string) => said.push(message)
  const logger = { info: say, warning: say }
  const descriptors = openServiceDescriptors({ bucket, naming: NAMING, baseUrl: 'https://tap.example.org?a&b', logger })
  const describeColumns = (columns: readonly ResultColumn[], release = live('v1')) =>
    descriptors.describe({ columns, fields: fieldsOf(columns), release })
  return { describeColumns, reads, said }
}

function column(table: string, name: string, as = name): ResultColumn {
  return { name: as, type: name.endsWith('url') ? TEXT : BIGINT, origin: { table, column: name } }
}

function snippets(manifest: object, files: Readonly<Record<string, string>>): Buffer {
  const named = Object.entries(files).map(([name, text]): [string, Buffer] => [`${name}.xml`, Buffer.from(text)])
  return packZip(new Map([['datalink-manifest.json', Buffer.from(JSON.stringify(manifest))], ...named]))
}

function votable(content: string): string {
  return `<?xml version="1.0"?><v:VOTABLE xmlns:v="http://www.ivoa.net/xml/VOTable/v1.2">${content}</v:VOTABLE>`
}

const LINKS = votable(`
  <v:INFO ID="$sky_star_id$" value="dropped"/>
  <v:RESOURCE type="meta" utype="adhoc:service" ID="links">
    <v:DESCRIPTION>Links &amp; more</v:DESCRIPTION>
    <v:GROUP name="inputParams"><v:PARAM name="ID" datatype="long" value="" ref="$sky_star_id$"/></v:GROUP>
    <v:PARAM name="accessURL" datatype="char" arraysize="*" value="$baseUrl$/links?cost=\\$1"/>
  </v:RESOURCE>`)
const MANIFEST = { links: ['sky_star_id'] }
const ARCHIVE = { 'v1/datalink-snippets.zip': snippets(MANIFEST, { links: LINKS }) }

test('a result that has the columns of a service gets its descriptor, written as elements of the result', async () => {
  const { services, fields } = await serve(ARCHIVE).describeColumns([
    column('sky.star', 'name'),
    column('sky.star', 'id', 'star'),
  ])
  expect(services).toEqual([
    `<RESOURCE type="meta" utype="adhoc:service" ID="links">
  <DESCRIPTION>Links &amp; more</DESCRIPTION>
  <GROUP name="inputParams">
    <PARAM name="ID" datatype="long" value="" ref="star"/>
  </GROUP>
  <PARAM name="accessURL" datatype="char" arraysize="*" value="https://tap.example.org?a&amp;b/links?cost=$1"/>
</RESOURCE>
`,
  ])
  expect(fields.map(({ id }) => id)).toEqual(['name', 'star'])
})

test('a result that lacks a column, or has it in an expression, gets none', async () => {
  const { describeColumns } = serve(ARCHIVE)
  for (const columns of [[column('sky.star', 'name')], [column('sky.galaxy', 'id')], [{ name: 'id', type: BIGINT }]]) {
    expect((await describeColumns(columns)).services).toEqual([])
  }
})

test('a column whose name cannot be an ID gets one, and an ID that is taken another one', async () => {
  const { describeColumns } = serve(ARCHIVE)
  const { services, fields } = await describeColumns([
    column('sky.star', 'links'),
    column('sky.star', 'id', 'star id'),
    column('sky.star', 'id', 'again'),
  ])
  expect(fields.map(({ id }) => id)).toEqual(['links', 'col_2', 'again'])
  expect(services[0]).toContain('ref="col_2"')
  expect(services[0]).toContain('ID="links_2"')
})

test('a broken service is left out and reported once, the others stay', async () => {
  const broken: Readonly<Record<string, string>> = {
    unclosed: '<VOTABLE><RESOURCE type="meta">',
    doctype: `<!DOCTYPE x [<!ENTITY a "b">]>${LINKS.slice(21)}`,
    empty: votable('<v:RESOURCE type="results"/>'),
    table: votable('<v:RESOURCE type="meta"><v:TABLE/></v:RESOURCE>'),
    variable: LINKS.replace('$baseUrl$', '$elsewhere$'),
    dangling: LINKS.replace('ref="$sky_star_id$"', 'ref="nowhere"'),
    dollar: LINKS.replace('\\$1', '$1'),
  }
  const names = [...Object.keys(broken), 'links', 'lost']
  const manifest = Object.fromEntries(names.map((name) => [name, ['sky_star_id']]))
  const { describeColumns, said } = serve({
    'v1/datalink-snippets.zip': snippets(manifest, { ...broken, links: LINKS }),
  })
  const release = live('v1')
  for (let time = 1; time <= 2; time++) {
    const { services } = await describeColumns([column('sky.star', 'id')], release)
    expect(services.map((xml) => /Links/.test(xml))).toEqual([true])
  }
  expect(said.map((message) => /service (\w+) of v1 is left out/.exec(message)?.[1]).sort()).toEqual(
    [...Object.keys(broken), 'lost'].sort(),
  )
})

test('the archive of a release is read once, that of the next one when it is live', async () => {
  const { describeColumns, reads } = serve({ ...ARCHIVE, 'v2/datalink-snippets.zip': snippets({}, {}) })
  const columns = [column('sky.star', 'id')]
  const [first, second] = [live('v1'), live('v2')]
  const services = await Promise.all([first, first, second].map((release) => describeColumns(columns, release)))
  expect(services.map((found) => found.services.length)).toEqual([1, 1, 0])
  await describeColumns(columns, first)
  expect(reads).toEqual(['v1/datalink-snippets.zip', 'v2/datalink-snippets.zip'])
})

test('no archive, a damaged one and a bucket that fails leave results without services, and say so', async () => {
  const columns = [column('sky.star', 'id')]
  const objects = { 'bad/datalink-snippets.zip': Buffer.from('PK'), 'down/datalink-snippets.zip': new Error('503') }
  const { describeColumns, said } = serve(objects)
  for (const version of ['none', 'bad', 'down']) {
    expect((await describeColumns(columns, live(version))).services).toEqual([])
  }
  expect(said).toEqual([
    'none has no DataLink services: there is no none/datalink-snippets.zip',
    'no DataLink services for now: datalink-snippets.zip of bad cannot be read',
    'no DataLink services for now: datalink-snippets.zip of down cannot be read',
  ])
})

describe.skipIf(!HAS_DATA)(`the services of a real release${NEEDS_DATA}`, () => {
  test('each is offered for its columns, with references to them', async () => {
    const content = readFileSync(join(DATA, 'releases/w.2026.34/datalink-snippets.zip'))
    const { describeColumns, said } = serve({ 'v1/datalink-snippets.zip': content })
    const columns = [
      column('dp02_dc2_catalogs.DiaObject', 'diaObjectId'),
      column('dp1.Object', 'objectId'),
      column('ivoa.ObsCore', 'access_url'),
    ]
    const { services } = await describeColumns(columns)
    expect(services.length).toBe(4)
    for (const xml of services) {
      expect(findXmlFault(xml)).toBeNull()
      expect(xml).toMatch(/^<RESOURCE type="meta" utype="adhoc:service">\n {2}<DESCRIPTION>/)
      expect(xml).toMatch(/ref="(diaObjectId|objectId|access_url)"/)
      expect(xml).not.toContain('$')
    }
    expect(said).toEqual([])
  })
})
