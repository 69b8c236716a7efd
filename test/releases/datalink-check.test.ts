import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import type { Schema } from '../../shared/felis/model.ts'
import { checkDatalink } from '../../shared/releases/datalink/check-datalink.ts'
import { someOf } from '../support/effort.ts'
import { DATA, HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { readZip } from './read-zip.ts'

function load(files: ReadonlyMap<string, string>): readonly Schema[] {
  const loader = new FelisLoader(files, DEFAULT_CONTEXT)
  return [...files.keys()].flatMap((name) => loader.load(name).schema ?? [])
}

const SCHEMAS = load(new Map([['survey.yaml', sampleSchema('survey')]]))
const MANIFEST = '{"links": ["survey_object_object_id"]}'
const SNIPPET =
  '<?xml version="1.0"?>\n<VOTABLE>\n  <PARAM ref="$survey_object_object_id$" value="$baseUrl$/x"/>\n</VOTABLE>\n'

type Texts = Readonly<Record<string, string | Uint8Array>>

function check(changes: Texts = {}) {
  const texts: Texts = { 'datalink-manifest.json': MANIFEST, 'links.xml': SNIPPET, ...changes }
  const files = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text as string)] as const)
  return checkDatalink(new Map(files), SCHEMAS)
}

function complaints(changes: Texts): readonly string[] {
  return check(changes).problems.map(({ file, line, column, severity, code, suggestion }) => {
    const place = line === undefined ? '' : `:${line}:${column}`
    return `${file}${place} ${severity} ${code}${suggestion === undefined ? '' : ` ${suggestion}`}`
  })
}

describe.skipIf(!HAS_DATA)(`the metadata of a real release${NEEDS_DATA}`, () => {
  it.each(someOf(['EDP2-deploy-v3b', 'w.2026.24', 'w.2026.34'], 3))(
    'of %s is sound, but for lists of tables that are gone',
    async (version) => {
      const read = (name: string) => readZip(readFileSync(join(DATA, 'releases', version, name)))
      const entries = [...read('datalink-snippets.zip'), ...read('datalink-columns.zip')]
      const files = new Map(entries.map(({ name, content }) => [name, content]))
      const { problems, services, snippets, columnLists } = checkDatalink(files, load(await readReleaseFiles(version)))
      expect(snippets.size).toBe(services.length + 1)
      expect([...columnLists.keys()]).toEqual(['columns-minimal.yaml'])
      expect(new Set(problems.map(({ code, severity }) => `${severity} ${code}`))).toEqual(
        new Set(['warning table_unknown']),
      )
      expect(problems[0]?.message).toContain('dp02_test_PREOPS863_00')
    },
  )
})

describe('what is published of a folder', () => {
  it('is every JSON and XML file, and every list of columns but the generated one', () => {
    const found = check({
      'notes.json': '{}',
      'columns-minimal.yaml': 'tables: {}',
      'columns-principal.yaml': 'old',
      'columns.yaml': 'x',
      'README.md': 'x',
    })
    expect([...found.snippets.keys()]).toEqual(['datalink-manifest.json', 'links.xml', 'notes.json'])
    expect([...found.columnLists.keys()]).toEqual(['columns-minimal.yaml'])
    expect(found.services).toEqual(['links'])
    expect(found.problems).toEqual([])
  })

  it('has a manifest', () => {
    expect(checkDatalink(new Map(), SCHEMAS).problems.map(({ code }) => code)).toEqual(['manifest_missing'])
  })
})

describe('the manifest', () => {
  it.each<[string, readonly string[]]>([
    ['{"links": ["survey_object_object_id"],}', ['datalink-manifest.json error manifest_invalid']],
    ['[]', ['datalink-manifest.json error manifest_invalid', 'links.xml warning snippet_unused']],
    ['null', ['datalink-manifest.json error manifest_invalid', 'links.xml warning snippet_unused']],
    [
      '{"links": "survey_object_object_id"}',
      ['datalink-manifest.json:1:2 error manifest_invalid', 'links.xml warning snippet_unused'],
    ],
    ['{"links": [1]}', ['datalink-manifest.json:1:2 error manifest_invalid', 'links.xml warning snippet_unused']],
    ['{"../links": []}', ['datalink-manifest.json:1:2 error manifest_invalid', 'links.xml warning snippet_unused']],
    [
      '{"links": ["survey_object_object_id"], "link": []}',
      [
        'datalink-manifest.json:1:40 error snippet_missing links.xml',
        'datalink-manifest.json:1:40 warning manifest_empty_service',
      ],
    ],
    [
      '{\n  "links": ["survey_object_object_id",\n    "survey_object_objectid"]}',
      ['datalink-manifest.json:3:5 error column_unknown survey_object_object_id'],
    ],
    [
      '{"links": ["survey_object_ra"], "links": ["survey_object_object_id"]}',
      ['datalink-manifest.json:1:33 error manifest_duplicate'],
    ],
    [`\ufeff${MANIFEST}`, ['datalink-manifest.json error datalink_byte_order_mark']],
  ])('%j', (text, expected) => {
    const found = complaints({ 'datalink-manifest.json': text })
    expect(found.filter((line) => !line.includes('snippet_unused') || expected.includes(line))).toEqual(expected)
  })

  it('is refused however many warnings come first', () => {
    const empty = Array.from({ length: 150 }, (_, index) => [`s${index}`, []] as const)
    const snippets = Object.fromEntries(empty.map(([service]) => [`${service}.xml`, '<a/>']))
    const services = { ...Object.fromEntries(empty), links: ['survey_object_nothing'] }
    const { problems } = check({ ...snippets, 'datalink-manifest.json': JSON.stringify(services) })
    const errors = problems.filter(({ severity }) => severity === 'error').map(({ code }) => code)
    expect(errors).toEqual(['column_unknown', 'snippet_variable'])
    expect(problems.filter(({ code }) => code === 'manifest_empty_service')).toHaveLength(100)
  })

  it('is text', () => {
    expect(complaints({ 'datalink-manifest.json': Buffer.from([0x7b, 0xff, 0x7d]) })).toEqual([
      'datalink-manifest.json error datalink_not_utf8',
    ])
  })

  it('is warned of a column that can be two', () => {
    const files = new Map([['a.yaml', sampleSchema('a', { b_c: [{ name: 'd' }], b: [{ name: 'c_d' }] })]])
    const manifest = Buffer.from('{"s": ["a_b_c_d"]}')
    const { problems } = checkDatalink(
      new Map([
        ['datalink-manifest.json', manifest],
        ['s.xml', Buffer.from('<a/>')],
      ]),
      load(files),
    )
    expect(problems).toMatchObject([
      { code: 'column_ambiguous', severity: 'warning', message: 'a_b_c_d can be a.b_c.d or a.b.c_d' },
    ])
  })
})

describe('a snippet', () => {
  it.each<[what: string, text: string, expected: readonly string[]]>([
    ['uses the columns of its service, and baseUrl', SNIPPET, []],
    ['can show a dollar', '<a b="\\$5 $baseUrl$"/>', []],
    ['can have comments of its own', '<a>$! not a $variable !$</a>', []],
    [
      'cannot use a column that is published but not its own',
      '<a>\n $survey_object_ra$</a>',
      ['links.xml:2:2 error snippet_variable'],
    ],
    [
      'is reported with what was meant',
      '<a b="$survey_object_objectid$ $baseURL$"/>',
      ['links.xml:1:7 error snippet_variable survey_object_object_id', 'links.xml:1:32 error snippet_variable baseUrl'],
    ],
    ['has variables in comments too', '<a><!-- $x$ --></a>', ['links.xml:1:9 error snippet_variable']],
    [
      'cannot leave a variable open',
      '<a b="5 $">\n$</a>',
      ['links.xml:1:9 error snippet_template', 'links.xml:2:1 error snippet_template'],
    ],
    [
      'cannot use more of StringTemplate',
      '<a>$if(x)$ $a.b$ $$</a>',
      [
        'links.xml:1:4 error snippet_template',
        'links.xml:1:12 error snippet_template',
        'links.xml:1:18 error snippet_template',
      ],
    ],
    ['is well-formed', '<a>\n  <b></a>', ['links.xml:2:6 error snippet_not_xml']],
    ['is read as US-ASCII', '<a>größe</a>', ['links.xml:1:6 warning datalink_not_ascii']],
    ['has no byte order mark', '\ufeff<a/>', ['links.xml error datalink_byte_order_mark']],
  ])('%s', (_, text, expected) => {
    expect(complaints({ 'links.xml': text })).toEqual(expected)
  })

  it('full of faults is read to its end, and a hundred of them are reported', () => {
    expect(check({ 'links.xml': `<a>${'$x$$! '.repeat(20_000)}</a>` }).problems).toHaveLength(100)
  })

  it('that no service names is checked and warned of', () => {
    expect(complaints({ 'other.xml': '<a' })).toEqual([
      'other.xml:1:1 error snippet_not_xml',
      'other.xml warning snippet_unused',
    ])
  })
})

describe('a hand-written list of columns', () => {
  it.each<[text: string, expected: readonly string[]]>([
    ['tables:\n  survey.object:\n    lsst:minimal: [ra, dec]\n', []],
    [
      'tables:\n  survey.object:\n    lsst:minimal:\n    - ra\n    - decl\n',
      ['columns-minimal.yaml:5:7 error column_unknown dec'],
    ],
    [
      'tables:\n  survey.objects:\n    lsst:minimal: [x]\n',
      ['columns-minimal.yaml:2:3 warning table_unknown survey.object'],
    ],
    ['tables:\n  survey.object:\n    lsst:minimal:\n', ['columns-minimal.yaml:3:5 error column_lists_invalid']],
    ['tables:\n  survey.object: [ra]\n', ['columns-minimal.yaml:2:3 error column_lists_invalid']],
    ['table: {}\n', ['columns-minimal.yaml:1:1 error column_lists_invalid']],
    ['tables: {}\ntables: {}\n', ['columns-minimal.yaml:2:1 error column_lists_invalid']],
    ['tables: [\n', ['columns-minimal.yaml:2:1 error column_lists_invalid']],
    ['', ['columns-minimal.yaml:1:1 error column_lists_invalid']],
  ])('%j', (text, expected) => {
    expect(complaints({ 'columns-minimal.yaml': text })).toEqual(expected)
  })
})
