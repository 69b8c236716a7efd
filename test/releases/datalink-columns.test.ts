import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import type { Schema } from '../../shared/felis/model.ts'
import { buildPrincipalColumns } from '../../shared/releases/datalink/columns-principal.ts'
import { readYaml } from '../../shared/yaml/read.ts'
import { someOf } from '../support/effort.ts'
import { DATA, HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'
import { type SampleColumn, sampleSchema } from '../support/sample-release.ts'
import { readZip } from './read-zip.ts'

function load(files: ReadonlyMap<string, string>): readonly Schema[] {
  const loader = new FelisLoader(files, DEFAULT_CONTEXT)
  return [...files.keys()].sort().map((name) => {
    const { schema, problems } = loader.load(name)
    if (schema === null) throw new Error(JSON.stringify(problems))
    return schema
  })
}

function build(...texts: readonly string[]): string {
  return buildPrincipalColumns(load(new Map(texts.map((text, index) => [`${index}.yaml`, text]))))
}

function principal(name: string, index?: number | null): SampleColumn {
  const place = index === undefined ? '' : `, "tap:column_index": ${index}`
  return { name, extra: `"tap:principal": 1${place}` }
}

describe.skipIf(!HAS_DATA)(`columns-principal.yaml as sdm-tools makes it${NEEDS_DATA}`, () => {
  it('is the measured one', async () => {
    const schemas = load(await readReleaseFiles('w.2026.34'))
    const golden = readFileSync(join(DATA, 'golden/felis/columns-principal.yaml'), 'utf8')
    expect(buildPrincipalColumns(schemas)).toBe(golden)
  })

  it.each(someOf(['EDP2-deploy-v3b', 'w.2026.24', 'w.2026.34'], 3))(
    'is the one that was published with %s',
    async (version) => {
      const schemas = load(await readReleaseFiles(version))
      const published = readZip(readFileSync(join(DATA, 'releases', version, 'datalink-columns.zip')))
      const expected = published.find(({ name }) => name === 'columns-principal.yaml')?.content.toString()
      expect(buildPrincipalColumns(schemas)).toBe(expected)
    },
  )
})

describe('which columns, and in which order', () => {
  it('is by index; those without one, and those with the index 0, follow as they are written', () => {
    const columns = [
      principal('last_written'),
      { name: 'not_principal' },
      principal('zero', 0),
      principal('second', 20),
      { name: 'explicitly_not', extra: '"tap:principal": 0, "tap:column_index": 1' },
      principal('first', 3),
      principal('nothing', null),
    ]
    const lines = build(sampleSchema('survey', { object: columns })).split('\n')
    expect(lines).toEqual([
      'tables:',
      '  survey.object:',
      '    tap:principal:',
      '    - first',
      '    - second',
      '    - last_written',
      '    - zero',
      '    - nothing',
      '',
      '',
    ])
  })

  it('keeps the order of the file among equal indexes', () => {
    const columns = [principal('b', 5), principal('a', 5), principal('c', 4)]
    expect(build(sampleSchema('s', { t: columns }))).toContain('- c\n    - b\n    - a\n')
  })

  it('names tables by code points, also those that have no principal column', () => {
    const plain = [{ name: 'c' }]
    const text = build(sampleSchema('b', { c: plain, B: plain, a: plain }), sampleSchema('B', { z: plain }))
    expect(text).toBe(
      'tables:\n' +
        '  B.z:\n    tap:principal: []\n' +
        '  b.B:\n    tap:principal: []\n' +
        '  b.a:\n    tap:principal: []\n' +
        '  b.c:\n    tap:principal: []\n\n',
    )
  })

  it('takes the last of two tables of the same name', () => {
    const text = build(
      sampleSchema('ivoa', { ObsCore: [principal('old'), principal('older')] }),
      sampleSchema('ivoa', { ObsCore: [principal('new')] }),
    )
    expect(text).toBe('tables:\n  ivoa.ObsCore:\n    tap:principal:\n    - new\n\n')
  })

  it('is an empty mapping without tables', () => {
    expect(buildPrincipalColumns([])).toBe('tables: {}\n\n')
  })
})

// PyYAML 6.0.3 reads each right side as the left one.
const long = 'word '.repeat(20).trim()
const DUMPED: readonly (readonly [name: string, dumped: string])[] = [
  ['objectId', 'objectId'],
  ['y', "'y'"],
  ['yes', "'yes'"],
  ['No', "'No'"],
  ['null', "'null'"],
  ['~', "'~'"],
  ['=', "'='"],
  ['<<', "'<<'"],
  ['1_000', "'1_000'"],
  ['0o7', '0o7'],
  ['1e3', '1e3'],
  ['1.5e+3', "'1.5e+3'"],
  ['12:30', "'12:30'"],
  ['2024-13-01', "'2024-13-01'"],
  ['.5', "'.5'"],
  ['-', "'-'"],
  ['-x', '-x'],
  ['a: b', "'a: b'"],
  ['a:b', 'a:b'],
  ['a #b', "'a #b'"],
  ['a#b', 'a#b'],
  ['@x', "'@x'"],
  ['%x', "'%x'"],
  ["it's", "it's"],
  ["'it'", "'''it'''"],
  ['"q"', `'"q"'`],
  ['[x]', "'[x]'"],
  ['--- x', '--- x'],
  ['größe', 'größe'],
  ['α', 'α'],
  ['🔭', '🔭'],
  ['a\tb', '"a\\tb"'],
  ['a\u00a0b"\\', '"a\\_b\\"\\\\"'],
  [long, long],
  [`${long}: x`, `'${long}: x'`],
]

describe('names that YAML would read as something else', () => {
  it.each(DUMPED)('%j is written so that it is read as text', (name, dumped) => {
    const text = build(
      sampleSchema('s', { t: [] }).replace(
        'columns:\n',
        `columns:\n  - ${JSON.stringify({ name, datatype: 'int', 'tap:principal': 1 })}\n`,
      ),
    )
    expect(text).toBe(`tables:\n  s.t:\n    tap:principal:\n    - ${dumped}\n\n`)
    expect(readYaml(text)).toMatchObject({
      value: new Map([['tables', new Map([['s.t', new Map([['tap:principal', [name]]])]])]]),
    })
  })

  it('a table is written as a key on one line', () => {
    const table = (name: string) => [{ tables: [{ name, columns: [] }], name: 's' }] as unknown as readonly Schema[]
    expect(buildPrincipalColumns(table(`a ${long}`))).toBe(`tables:\n  s.a ${long}:\n    tap:principal: []\n\n`)
    expect(buildPrincipalColumns(table('ä: b'))).toBe("tables:\n  's.ä: b':\n    tap:principal: []\n\n")
  })
})
