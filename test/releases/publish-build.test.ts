import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Check } from '../../shared/felis/context.ts'
import { readArchive } from '../../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { assembleParts } from '../../shared/releases/publish/assemble-parts.ts'
import { buildRelease } from '../../shared/releases/publish/build-release.ts'
import { InvalidReleaseError } from '../../shared/releases/publish/publish-failures.ts'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'
import { DATA, HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { asFiles, buildRequest, buildSample, DATALINK } from './build-sample.ts'
import { readZip } from './read-zip.ts'

async function complaints(changes: Parameters<typeof buildSample>[0]): Promise<readonly string[]> {
  const error = await buildSample(changes).then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(InvalidReleaseError)
  const { problems, permanent } = error as InvalidReleaseError
  expect(permanent).toBe(true)
  return problems.map(({ file, severity, code }) => `${file} ${severity} ${code}`)
}

describe('what is built', () => {
  it('is the archive, the two ZIPs and their description, the archive last', async () => {
    const release = await buildSample({ commit: 'abcdef1' })
    const parts = assembleParts(release)
    expect(parts.map(({ name }) => name)).toEqual([
      'datalink-columns.zip',
      'datalink-snippets.zip',
      'release.json',
      'schemas.tar.gz',
    ])
    const [columns, snippets, description, archive] = parts.map(({ content }) => content)
    expect(readZip(columns!).map(({ name }) => name)).toEqual(['columns-minimal.yaml', 'columns-principal.yaml'])
    expect(readZip(snippets!).map(({ name }) => name)).toEqual(['datalink-manifest.json', 'links.xml'])
    expect(await readArchive(archive!, DEFAULT_LIMITS)).toEqual(buildRequest().files)
    const facts = ({ sha256, content }: (typeof parts)[number]) => ({ sha256, bytes: content.length })
    expect(JSON.parse(description!.toString())).toEqual({
      version: 'releases/w.2026.34',
      commit: 'abcdef1',
      files: {
        'datalink-columns.zip': facts(parts[0]!),
        'datalink-snippets.zip': facts(parts[1]!),
        'schemas.tar.gz': facts(parts[3]!),
      },
      schemas: [{ file: 'survey.yaml', name: 'survey', version: null, tables: 1, columns: 3, keys: 0 }],
      services: ['links'],
    })
  })

  it('counts foreign keys, and says the version of a schema however it is written', async () => {
    const key = `  constraints:
  - {name: fk, "@id": "#fk", "@type": ForeignKey, columns: ["#t.a"], referencedColumns: ["#t.b"]}
`
    const plain = sampleSchema('s', { t: [{ name: 'a' }, { name: 'b' }] }, key)
    const files = new Map([
      ['a.yaml', `${plain}version: 1.2.3\n`],
      ['b.yaml', `${plain}version: {current: v2}\n`],
    ])
    const { schemas } = await buildSample({ files, datalink: null })
    expect(schemas.map(({ version, keys, columns }) => [version, keys, columns])).toEqual([
      ['1.2.3', 1, 2],
      ['v2', 1, 2],
    ])
  })

  it('has an empty manifest without datalink metadata', async () => {
    const release = await buildSample({ datalink: null })
    expect(readZip(release.snippets).map(({ name, content }) => [name, content.toString()])).toEqual([
      ['datalink-manifest.json', '{}\n'],
    ])
    expect(readZip(release.columns).map(({ name }) => name)).toEqual(['columns-principal.yaml'])
    expect(release.services).toEqual([])
  })

  it('is the same bytes from the same files in another order', async () => {
    const other = sampleSchema('other')
    const texts = [
      ['survey.yaml', sampleSchema('survey')],
      ['other.yaml', other],
    ] as const
    const one = await buildSample({ files: new Map(texts) })
    const datalink = asFiles(Object.fromEntries(Object.entries(DATALINK).toReversed()))
    const two = await buildSample({ files: new Map(texts.toReversed()), datalink })
    expect(assembleParts(two)).toEqual(assembleParts(one))
  })
})

describe('what is refused', () => {
  it('is everything that is wrong, at once', async () => {
    const found = await complaints({
      files: new Map([
        ['broken.yaml', 'name: [\n'],
        ['typo.yaml', sampleSchema('typo', { t: [{ name: 'a', datatype: 'flaot' }] })],
        ['survey.yaml', sampleSchema('survey')],
      ]),
      datalink: asFiles({ ...DATALINK, 'links.xml': '<a' }),
    })
    expect(found.map((line) => line.split(' ')[0])).toEqual(['broken.yaml', 'typo.yaml', 'links.xml'])
  })

  it('is what a loader would reject, schema by schema', async () => {
    const name = 'x'.repeat(600)
    expect(
      await complaints({
        files: new Map([['long.yaml', sampleSchema('s', { [name]: [{ name: 'a' }] })]]),
        datalink: null,
      }),
    ).toContain('long.yaml error row_text_too_long')
    expect(await complaints({ files: new Map([['e.yaml', 'name: e\ntables: []\n']]), datalink: null })).toEqual([
      'e.yaml error empty',
    ])
  })

  it('is not what only a server that loads both would reject, unless there is one', async () => {
    const files = new Map([
      ['one.yaml', sampleSchema('ivoa', { ObsCore: [{ name: 'a' }] })],
      ['two.yaml', sampleSchema('ivoa', { ObsCore: [{ name: 'b' }] })],
    ])
    const request = { files, datalink: null }
    expect((await buildSample(request)).schemas).toHaveLength(2)
    const loads = [
      { name: 'tap', schemas: ['one', 'two'], options: DEPLOYED },
      { name: 'ssotap', schemas: ['one'], options: DEPLOYED },
    ]
    const error = await buildSample({ ...request, loads }).catch((reason: unknown) => reason)
    const problems = (error as InvalidReleaseError).problems.filter(({ severity }) => severity === 'error')
    expect(problems.length).toBeGreaterThan(0)
    for (const { message } of problems) expect(message).toMatch(/\(in the TAP server tap\)$/)
  })

  it('is a schema that a server needs and the release lacks', async () => {
    const loads = [{ name: 'tap', schemas: ['survey', 'dp2'], options: DEPLOYED }]
    expect(await complaints({ loads })).toEqual(['dp2.yaml error schema_missing'])
  })

  it.each<[Check, string]>([
    ['description', 'name: s\ntables: [{name: t, columns: [{name: a, datatype: int}]}]\n'],
    [
      'redundant-datatypes',
      'name: s\ntables: [{name: t, columns: [{name: a, datatype: int, "mysql:datatype": INTEGER}]}]\n',
    ],
    ['tap-table-indexes', 'name: s\ntables: [{name: t, columns: [{name: a, datatype: int}]}]\n'],
    ['tap-principal', 'name: s\ntables: [{name: t, columns: [{name: a, datatype: int}]}]\n'],
  ])('with the check %s is what it finds, and only with it', async (check, text) => {
    const request = { files: new Map([['s.yaml', text]]), datalink: null }
    expect((await buildSample(request)).schemas).toHaveLength(1)
    expect(await complaints({ ...request, checks: new Set([check]) })).not.toEqual([])
  })

  it('is a column that vanished from under a snippet; but not while its schema has errors of its own', async () => {
    const gone = sampleSchema('survey', { object: [{ name: 'id' }] })
    expect(await complaints({ files: new Map([['survey.yaml', gone]]) })).toEqual([
      'datalink-manifest.json error column_unknown',
      'columns-minimal.yaml error column_unknown',
      'columns-minimal.yaml error column_unknown',
    ])
    const broken = gone.replace('double', 'duoble')
    const found = await complaints({ files: new Map([['survey.yaml', broken]]) })
    expect(found.map((line) => line.split(' ')[0])).toEqual(['survey.yaml'])
  })

  it('is a release without schemas', async () => {
    expect(await complaints({ files: new Map(), datalink: null })).toEqual(['. error no_schemas'])
  })

  it('is more than a loader opens', async () => {
    const files = new Map(
      Array.from({ length: 2000 }, (_, index) => [
        `s${index}.yaml`,
        `name: s\ntables: [{name: t, columns: [{name: a, datatype: int}]}]\n`,
      ]),
    )
    await expect(buildSample({ files, datalink: null })).rejects.toMatchObject({ code: 'too_many_entries' })
  })
})

describe.skipIf(!HAS_DATA)(`a real release${NEEDS_DATA}`, () => {
  it('has the content that was published', async () => {
    const folder = join(DATA, 'releases/w.2026.34')
    const published = ['datalink-snippets.zip', 'datalink-columns.zip'].map((name) => {
      return readZip(readFileSync(join(folder, name)))
    })
    const entries = published.flat().map(({ name, content }) => [name, content] as const)
    const files = await readReleaseFiles('w.2026.34')
    const request = buildRequest({ files, datalink: new Map(entries) })
    const release = await buildRelease(request)
    const sorted = (zip: ReturnType<typeof readZip>) =>
      Object.fromEntries(zip.map(({ name, content }) => [name, content.toString('latin1')]))
    expect(sorted(readZip(release.snippets))).toEqual(sorted(published[0]!))
    expect(sorted(readZip(release.columns))).toEqual(sorted(published[1]!))
    expect(await readArchive(release.archive, DEFAULT_LIMITS)).toEqual(files)
    expect(release.schemas).toHaveLength(26)
  })
})
