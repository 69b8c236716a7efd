import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type LocalFile, readLocalArchive, readLocalFolder } from '../../shared/releases/folder.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { buildRelease } from './build-archive.ts'

function file(name: string, content: string | Uint8Array = '', modified = 1_700_000_000_000.5): LocalFile {
  const bytes = Buffer.from(content as string)
  return { name, size: bytes.length, modified, read: async () => bytes }
}

function unreadable(name: string): LocalFile {
  return { name, size: 1, modified: 0, read: () => Promise.reject(new Error(`${name} was read`)) }
}

const readFolder = (files: Iterable<LocalFile> | AsyncIterable<LocalFile>, limits = DEFAULT_LIMITS) =>
  readLocalFolder('w.1', 'my/release', files, limits)

describe('a release on disk', () => {
  it('may be an archive, known by its path, its digest and its time', async () => {
    const content = await buildRelease({ 'a.yaml': 'name: a' })
    const release = await readLocalArchive(
      'w.1',
      'x/schemas.tar.gz',
      file('', content, 1_700_000_000_123.5),
      DEFAULT_LIMITS,
    )
    expect(release).toEqual({
      version: 'w.1',
      files: new Map([['a.yaml', 'name: a']]),
      source: {
        bucket: 'local',
        object: 'x/schemas.tar.gz',
        generation: '1700000000123500',
        sha256: createHash('sha256').update(content).digest('hex'),
        bytes: content.length,
      },
    })
  })

  it('may be a folder holding schemas.tar.gz beside its zips', async () => {
    const content = await buildRelease({ 'a.yaml': 'name: a' })
    const listing = [unreadable('datalink-columns.zip'), file('schemas.tar.gz', content)]
    const release = await readFolder(listing)
    expect(release.source.object).toBe('my/release/schemas.tar.gz')
    expect(release).toEqual(
      await readLocalArchive('w.1', 'my/release/schemas.tar.gz', file('', content), DEFAULT_LIMITS),
    )
  })

  it('may be a folder of schemas, nested ones too, in the order of their names', async () => {
    const listing = [file('b.yaml', 'b'), unreadable('README.md'), file('sub/c.yaml', 'c'), file('a.yaml', '\uFEFFa')]
    const release = await readFolder(listing)
    expect([...release.files]).toEqual([
      ['a.yaml', 'a'],
      ['b.yaml', 'b'],
      ['sub/c.yaml', 'c'],
    ])
    expect(release.source.bytes).toBe('b'.length + 'c'.length + '\u00EF\u00BB\u00BFa'.length)
  })

  it('may be a clone of the repository, of which only schemas are read', async () => {
    const release = await readFolder(
      (async function* () {
        yield unreadable('.git/objects/aa/bb')
        yield unreadable('mkdocs.yaml')
        yield file('python/lsst/sdm/schemas/dp2.yaml', 'name: dp2')
        yield unreadable('yml/old.yaml')
      })(),
    )
    expect([...release.files]).toEqual([['dp2.yaml', 'name: dp2']])
  })

  it('has a digest that follows names and contents, and the time of its newest schema', async () => {
    const one = await readFolder([file('a.yaml', 'x', 1), file('b.yaml', 'y', 2), unreadable('later.txt')])
    const same = await readFolder([file('b.yaml', 'y', 2), file('a.yaml', 'x', 1)])
    const renamed = await readFolder([file('a.yaml', 'x', 1), file('c.yaml', 'y', 2)])
    const shifted = await readFolder([file('a.yaml', 'xy', 1), file('b.yaml', '', 2)])
    expect(one.source).toEqual(same.source)
    expect(one.source.generation).toBe('2000')
    expect(new Set([one, renamed, shifted].map((release) => release.source.sha256)).size).toBe(3)
  })

  it.each([
    ['no schemas', [file('README.md')], 'no_schemas'],
    ['nothing', [], 'no_schemas'],
    ['both an archive and schemas', [file('schemas.tar.gz'), file('a.yaml')], 'ambiguous_schemas'],
    ['a name that leads out of it', [file('../a.yaml')], 'unsafe_name'],
    ['text that is not UTF-8', [file('a.yaml', Buffer.from([0xe9, 0x20]))], 'not_utf8'],
    ['an archive that is none', [file('schemas.tar.gz', 'oops')], 'not_gzip'],
  ])('with %s is refused', async (_, listing, code) => {
    await expect(readFolder(listing)).rejects.toMatchObject({ code, permanent: true })
  })

  it('is held to the limits of an archive', async () => {
    const limits = { unpackedBytes: 10, entries: 3, fileBytes: 6 }
    await expect(readFolder([file('a.yaml', '123456'), file('b.yaml', '1234')], limits)).resolves.toBeDefined()
    const cases: [LocalFile[], string][] = [
      [[file('a.yaml', '1234567')], 'file_too_large'],
      [[file('a.yaml', '123456'), file('b.yaml', '12345')], 'archive_too_large'],
      [[file('a.yaml'), file('b.yaml'), file('c.yaml'), file('d.yaml')], 'too_many_entries'],
      [[{ ...file('a.yaml', '1234567'), size: 1 }], 'file_too_large'],
      [[{ ...unreadable('schemas.tar.gz'), size: 11 }], 'archive_too_large'],
    ]
    for (const [listing, code] of cases) await expect(readFolder(listing, limits)).rejects.toMatchObject({ code })
  })
})
