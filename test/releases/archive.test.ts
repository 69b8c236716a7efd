import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readArchive } from '../../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { buildArchive, buildRelease, buildTar, END, gzipTar, paxRecord, rawEntry, SCHEMAS } from './build-archive.ts'

const read = (content: Uint8Array | Readable) => readArchive(content, DEFAULT_LIMITS)
const entriesOf = async (content: Uint8Array | Readable) => [...(await read(content))]

describe('the layout of a release archive', () => {
  it('is any top folder holding python/lsst/sdm/schemas, nested files included, in the order of the archive', async () => {
    const archive = await buildRelease({ 'dp2.yaml': 'name: dp2', 'ivoa/obscore.yaml': 'b', 'apdb.yaml': 'name: apdb' })
    expect(await entriesOf(archive)).toEqual([
      ['dp2.yaml', 'name: dp2'],
      ['ivoa/obscore.yaml', 'b'],
      ['apdb.yaml', 'name: apdb'],
    ])
  })

  it('may be yml in the top folder', async () => {
    const archive = await buildArchive([{ name: 'sdm_schemas-1.2.2/yml/hsc.yaml', content: 'name: hsc' }])
    expect(await entriesOf(archive)).toEqual([['hsc.yaml', 'name: hsc']])
  })

  it.each(['python/lsst/sdm/schemas', './python/lsst/sdm/schemas', 'yml', './top//yml'])(
    'may be %s without a top folder, or with a name that says the same in another way',
    async (folder) => {
      const archive = await buildArchive([
        { name: './', type: 'directory' },
        { name: `${folder}/a.yaml`, content: 'a' },
      ])
      expect(await entriesOf(archive)).toEqual([['a.yaml', 'a']])
    },
  )

  it('prefers python/lsst/sdm/schemas to yml in the same top folder', async () => {
    const archive = await buildArchive([
      { name: 'top/yml/old.yaml', content: 'old' },
      { name: 'top/python/lsst/sdm/schemas/new.yaml', content: 'new' },
    ])
    expect(await entriesOf(archive)).toEqual([['new.yaml', 'new']])
  })

  it('ignores everything else, such as the rest of a tagged repository and its folder links', async () => {
    const archive = await buildArchive([
      { name: 'pax_global_header', type: 'file', content: '' },
      { name: 'sdm_schemas-w.2026.34/.github/workflows/build.yaml', content: 'on: push' },
      { name: 'sdm_schemas-w.2026.34/browser/yml', type: 'symlink', linkname: '../yml/' },
      { name: 'sdm_schemas-w.2026.34/python/lsst/sdm/schemas/__init__.py', content: '' },
      { name: 'sdm_schemas-w.2026.34/python/lsst/sdm/schemas/dp2.yaml', content: 'name: dp2' },
      { name: 'sdm_schemas-w.2026.34/python/lsst/sdm/schemas/._dp2.yaml', content: Buffer.from([0, 5, 22, 7, 255]) },
      { name: 'sdm_schemas-w.2026.34/yml', type: 'symlink', linkname: './python/lsst/sdm/schemas/' },
      { name: 'sdm_schemas-w.2026.34/logo.png', content: Buffer.from([0x89, 0x50, 0xff]) },
    ])
    expect(await entriesOf(archive)).toEqual([['dp2.yaml', 'name: dp2']])
  })

  it('is ambiguous when two top folders hold schemas, and both are named', async () => {
    const archive = await buildArchive([
      { name: 'a/yml/x.yaml', content: '' },
      { name: 'b/python/lsst/sdm/schemas/y.yaml', content: '' },
    ])
    await expect(read(archive)).rejects.toMatchObject({
      code: 'ambiguous_schemas',
      message: expect.stringMatching(/a\/yml.*b\/python\/lsst\/sdm\/schemas/),
    })
  })

  it.each([
    ['where its YAML files are', [{ name: 'top/schemas/dp2.yaml', content: '' }], 'top/schemas'],
    ['what it holds', [{ name: 'top/README.md', content: '' }], 'top/README.md'],
    ['that only nested files are there', [{ name: `${SCHEMAS}/ivoa/x.yaml`, content: '' }], `${SCHEMAS}/ivoa`],
    ['that .yml files do not count', [{ name: `${SCHEMAS}/x.yml`, content: '' }], `${SCHEMAS}/x.yml`],
    ['that it is empty', [], 'holds no files'],
    ['a folder too deep', [{ name: 'a/b/yml/x.yaml', content: '' }], 'a/b/yml'],
  ])('that holds no schemas says %s', async (_, entries, found) => {
    await expect(read(await buildArchive(entries))).rejects.toMatchObject({
      code: 'no_schemas',
      message: expect.stringContaining(found),
    })
  })
})

describe('the formats of a release archive', () => {
  it('may come as a stream in pieces of one byte', async () => {
    const archive = await buildRelease({ 'a.yaml': 'name: a' })
    const pieces = [...archive].map((byte) => Buffer.from([byte]))
    expect(await entriesOf(Readable.from(pieces))).toEqual([['a.yaml', 'name: a']])
  })

  it('may be gzip of several members, cut anywhere, and padded with zeros', async () => {
    const tar = await buildTar([{ name: `${SCHEMAS}/a.yaml`, content: 'x'.repeat(2000) }])
    const members = [tar.subarray(0, 700), tar.subarray(700, 1800), tar.subarray(1800)].map((part) => gzipSync(part))
    const archive = Buffer.concat([...members, Buffer.alloc(300)])
    expect(await entriesOf(archive)).toEqual([['a.yaml', 'x'.repeat(2000)]])
  })

  it('may use long names, as pax and as GNU tar write them', async () => {
    const long = `${'n'.repeat(180)}.yaml`
    const pax = await buildRelease({ [long]: 'pax' })
    expect(await entriesOf(pax)).toEqual([[long, 'pax']])
    const gnu = gzipTar(
      rawEntry({ name: '././@LongLink', type: 'L', content: `${SCHEMAS}/${long}\0`, magic: 'ustar  \0' }),
      rawEntry({ name: SCHEMAS, content: 'gnu', magic: 'ustar  \0' }),
      END,
    )
    expect(await entriesOf(gnu)).toEqual([[long, 'gnu']])
  })

  it('may be a v7 archive without a magic number, or end with a single zero block', async () => {
    const v7 = rawEntry({ name: `${SCHEMAS}/a.yaml`, content: 'v7', magic: '' })
    expect(await entriesOf(gzipTar(v7, END))).toEqual([['a.yaml', 'v7']])
    expect(await entriesOf(gzipTar(v7, Buffer.alloc(512)))).toEqual([['a.yaml', 'v7']])
    expect(await entriesOf(gzipTar(v7, Buffer.alloc(20 * 512)))).toEqual([['a.yaml', 'v7']])
  })

  it('may carry a global pax header, as git writes it', async () => {
    const archive = gzipTar(
      rawEntry({ name: 'pax_global_header', type: 'g', content: paxRecord('comment', '0'.repeat(40)) }),
      rawEntry({ name: `${SCHEMAS}/a.yaml`, content: 'a' }),
      END,
    )
    expect(await entriesOf(archive)).toEqual([['a.yaml', 'a']])
  })

  it('may list a folder twice and hold empty files', async () => {
    const archive = await buildArchive([
      { name: SCHEMAS, type: 'directory' },
      { name: `${SCHEMAS}/`, type: 'directory' },
      { name: `${SCHEMAS}/a.yaml`, content: '' },
    ])
    expect(await entriesOf(archive)).toEqual([['a.yaml', '']])
  })

  it('loses the byte order mark of a file and keeps every other character', async () => {
    const text = 'name: a\r\ndescription: "µas — \u{1F52D}\u0085"\n'
    expect(await entriesOf(await buildRelease({ 'a.yaml': `\uFEFF${text}` }))).toEqual([['a.yaml', text]])
  })
})
