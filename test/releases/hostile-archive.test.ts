import { Readable } from 'node:stream'
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readArchive } from '../../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { ArchiveError } from '../../shared/releases/release-failures.ts'
import {
  buildArchive,
  buildRelease,
  buildTar,
  END,
  type EntrySpec,
  gzipTar,
  paxRecord,
  rawEntry,
  SCHEMAS,
} from './build-archive.ts'

const LIMITS = { unpackedBytes: 1024 * 1024, entries: 50, fileBytes: 100_000 }
const GOOD: EntrySpec = { name: `${SCHEMAS}/a.yaml`, content: 'name: a' }
const good = () => rawEntry({ name: `${SCHEMAS}/a.yaml`, content: 'name: a' })

async function refusalOf(content: Uint8Array | Readable, limits = LIMITS): Promise<ArchiveError> {
  const error = await readArchive(content, limits, 'v1/schemas.tar.gz').then(
    (files) => expect.unreachable(`accepted: ${[...files.keys()]}`),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ArchiveError)
  const failure = error as ArchiveError
  expect(failure.permanent).toBe(true)
  expect(failure.message).toMatch(/^v1\/schemas\.tar\.gz: /)
  expect(failure.problems.length).toBeGreaterThan(0)
  for (const problem of failure.problems) {
    expect(problem).toMatchObject({ file: 'v1/schemas.tar.gz', code: failure.code, severity: 'error' })
  }
  return failure
}

describe('names', () => {
  it.each([
    ['an absolute path', '/etc/passwd.yaml', 'absolute'],
    ['a Windows drive', 'C:/schemas/a.yaml', 'absolute'],
    ['a way up', '../a.yaml', '".."'],
    ['a way up in the middle', `${SCHEMAS}/x/../a.yaml`, '".."'],
    ['a way up at the end', 'a/..', '".."'],
    ['a backslash', '..\\..\\a.yaml', 'backslash'],
    ['a control character', `${SCHEMAS}/a\u001b[31m.yaml`, 'control'],
    ['a line end', `${SCHEMAS}/a\n.yaml`, 'control'],
    ['over 1024 characters', `${'x/'.repeat(600)}a.yaml`, '1024'],
  ])('with %s are refused', async (_, name, why) => {
    const error = await refusalOf(await buildArchive([GOOD, { name, content: 'x' }]))
    expect(error.code).toBe('unsafe_name')
    expect(error.message).toContain(why)
    expect(error.message).not.toMatch(/\p{Cc}/u)
  })

  it('with a NUL, which only pax can write, are refused', async () => {
    const pax = rawEntry({ name: 'pax', type: 'x', content: paxRecord('path', `${SCHEMAS}/a.yaml\0.png`) })
    expect((await refusalOf(gzipTar(pax, good(), END))).code).toBe('unsafe_name')
  })

  it('that are not UTF-8 are refused', async () => {
    const name = Buffer.concat([Buffer.from(`${SCHEMAS}/caf`), Buffer.from([0xe9]), Buffer.from('.yaml')])
    expect((await refusalOf(gzipTar(rawEntry({ name }), END))).message).toContain('not UTF-8')
  })

  it('of folders are held to the same rules, and files have one', async () => {
    expect((await refusalOf(await buildArchive([{ name: '/etc/', type: 'directory' }, GOOD]))).code).toBe('unsafe_name')
    expect((await refusalOf(gzipTar(rawEntry({ name: './.' }), good(), END))).code).toBe('unsafe_name')
  })

  it.each([
    ['the same', `${SCHEMAS}/a.yaml`],
    ['the same in another spelling', `./${SCHEMAS}//./a.yaml`],
  ])('that occur twice are refused: %s', async (_, name) => {
    const error = await refusalOf(await buildArchive([GOOD, { name, content: 'other' }]))
    expect(error.code).toBe('duplicate_name')
    expect(error.problems[0]?.path).toBe(name)
  })

  it('of a file and of a folder must differ, whichever comes first', async () => {
    const folder: EntrySpec = { name: `${SCHEMAS}/a.yaml`, type: 'directory' }
    expect((await refusalOf(await buildArchive([GOOD, folder]))).code).toBe('duplicate_name')
    expect((await refusalOf(await buildArchive([folder, GOOD]))).code).toBe('duplicate_name')
  })
})

describe('entries that are not plain files', () => {
  it.each([
    ['a symbolic link to a file outside', { name: `${SCHEMAS}/b.yaml`, type: 'symlink', linkname: '/etc/passwd' }],
    ['a symbolic link to a file inside', { name: 'sdm_schemas/b', type: 'symlink', linkname: 'python/a.yaml' }],
    ['a symbolic link to a sibling file', { name: `${SCHEMAS}/b.yaml`, type: 'symlink', linkname: 'a.yaml' }],
    ['a symbolic link out of the archive', { name: 'sdm_schemas/up', type: 'symlink', linkname: '../../etc' }],
    ['a symbolic link to the root', { name: 'up', type: 'symlink', linkname: '.' }],
    ['a symbolic link to itself', { name: 'top/me', type: 'symlink', linkname: 'me' }],
    ['a folder link among the schemas', { name: `${SCHEMAS}/x`, type: 'symlink', linkname: '../schemas' }],
    ['a hard link', { name: `${SCHEMAS}/b.yaml`, type: 'link', linkname: `${SCHEMAS}/a.yaml` }],
  ] as const)('are refused: %s', async (_, entry) => {
    const error = await refusalOf(await buildArchive([GOOD, entry]))
    expect(error.code).toBe('link')
    expect(error.problems[0]?.path).toBe(entry.name)
  })

  it('are refused: a folder link under which files are filed', async () => {
    const link: EntrySpec = { name: 'sdm_schemas/yml', type: 'symlink', linkname: 'python' }
    const below: EntrySpec = { name: 'sdm_schemas/yml/b.yaml', content: '' }
    expect((await refusalOf(await buildArchive([GOOD, link, below]))).code).toBe('link')
  })

  it.each(['character-device', 'block-device', 'fifo'] as const)('are refused: a %s', async (type) => {
    expect((await refusalOf(await buildArchive([{ name: 'x', type }, GOOD]))).code).toBe('special_file')
  })

  it('are refused: sparse files of either GNU kind, and kinds that nobody knows', async () => {
    const sparse = rawEntry({ name: `${SCHEMAS}/s.yaml`, type: 'S', magic: 'ustar  \0' })
    const unknown = rawEntry({ name: `${SCHEMAS}/z.yaml`, type: 'Z' })
    const pax = rawEntry({ name: 'pax', type: 'x', content: paxRecord('GNU.sparse.major', '1') })
    for (const archive of [gzipTar(sparse, END), gzipTar(unknown, END), gzipTar(pax, good(), END)]) {
      expect((await refusalOf(archive)).code).toBe('special_file')
    }
  })
})

describe('limits', () => {
  it('stop a bomb early: what lies behind the limit is never unpacked', async () => {
    const member = gzipSync(Buffer.alloc(1024 * 1024))
    let taken = 0
    const source = Readable.from(
      (function* () {
        for (taken = 0; taken < 500; taken += 1) yield member
      })(),
    )
    const error = await refusalOf(source)
    expect(error.code).toBe('archive_too_large')
    expect(taken).toBeLessThan(250)
  })

  it('count the bytes of headers and padding too', async () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ name: `${SCHEMAS}/${index}.yaml`, content: 'x' }))
    const archive = await buildArchive(many)
    const size = gunzipSync(archive).length
    await expect(readArchive(archive, { ...LIMITS, unpackedBytes: size })).resolves.toHaveLength(40)
    expect((await refusalOf(archive, { ...LIMITS, unpackedBytes: size - 1 })).code).toBe('archive_too_large')
  })

  it('hold for the packed bytes as well', async () => {
    const padded = Buffer.concat([await buildRelease({ 'a.yaml': '' }), Buffer.alloc(LIMITS.unpackedBytes)])
    expect((await refusalOf(padded)).code).toBe('archive_too_large')
  })

  it('allow so many entries and not one more, folders included', async () => {
    const folders = Array.from({ length: 49 }, (_, index): EntrySpec => ({ name: `d${index}`, type: 'directory' }))
    await expect(readArchive(await buildArchive([...folders, GOOD]), LIMITS)).resolves.toHaveLength(1)
    const error = await refusalOf(await buildArchive([...folders, GOOD, { name: 'x', type: 'directory' }]))
    expect(error.code).toBe('too_many_entries')
  })

  it('allow a file so many bytes and not one more, whatever it is', async () => {
    const name = 'sdm_schemas/logo.png'
    await expect(
      readArchive(await buildArchive([GOOD, { name, content: Buffer.alloc(LIMITS.fileBytes) }]), LIMITS),
    ).resolves.toHaveLength(1)
    const error = await refusalOf(await buildArchive([GOOD, { name, content: Buffer.alloc(LIMITS.fileBytes + 1) }]))
    expect(error.code).toBe('file_too_large')
  })

  it('are not fooled by a size that only the header claims', async () => {
    const huge = rawEntry({ name: `${SCHEMAS}/b.yaml`, size: '77777777777\0' })
    expect((await refusalOf(gzipTar(huge, END))).code).toBe('file_too_large')
    const pax = rawEntry({ name: 'pax', type: 'x', content: paxRecord('size', '99999999999') })
    expect((await refusalOf(gzipTar(pax, good(), END))).code).toBe('file_too_large')
  })
})

describe('extended headers', () => {
  const PATH = paxRecord('path', `${SCHEMAS}/b.yaml`)

  it.each([
    ['no length', 'path=x\n', 'without a length'],
    ['no length after a good record', `${PATH}path=x\n`, 'without a length'],
    ['a length in another notation', '0x0b a=bcd\n', 'without a length'],
    ['a signed length', '+9 a=bcd\n', 'without a length'],
    ['a length of nothing', '0 a=b\n', 'does not end where it says'],
    ['a length that is too short', '5 path=x\n', 'does not end where it says'],
    ['a length that is too long', '99 path=x\n', 'longer than what is left'],
    ['no line break at its end', '9 path=xy', 'does not end where it says'],
    ['no equals sign', '9 pathxx\n', 'without a keyword or an equals sign'],
    ['no keyword', '7 =abc\n', 'without a keyword or an equals sign'],
    ['a size that is none', paxRecord('size', '12abc'), 'a size that is not a number'],
    ['text in another character set', Buffer.from('10 path=\xe9\n', 'latin1'), 'not UTF-8'],
    ['something after its padding', `${PATH}\0\0path=x\n`, 'without a length'],
  ])('with %s are refused, for one file and for all', async (_what, content, complaint) => {
    for (const type of ['x', 'g']) {
      const error = await refusalOf(gzipTar(rawEntry({ name: 'pax', type, content }), good(), END))
      expect([error.code, error.message]).toEqual(['corrupt_tar', expect.stringContaining(complaint)])
    }
  })

  it('may be padded, hold equals signs and line breaks, and say a thing twice', async () => {
    const records = `${paxRecord('comment', 'a=b\nc=d')}${paxRecord('path', 'x')}${PATH}\0\0`
    const archive = gzipTar(rawEntry({ name: 'pax', type: 'x', content: records }), good(), END)
    await expect(readArchive(archive, LIMITS)).resolves.toEqual(new Map([['b.yaml', 'name: a']]))
  })
})

describe('foreign files', () => {
  it.each([
    ['an empty file', Buffer.alloc(0), 'empty file'],
    ['a zip', Buffer.from('PK\u0003\u0004rest of it'), 'a zip file'],
    ['a page', Buffer.from('<!DOCTYPE html><html><body>403</body></html>'), 'an HTML page'],
    [
      'an error of a store',
      Buffer.from("<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>"),
      'an XML document',
    ],
    ['JSON', Buffer.from('{"error": {"code": 404}}'), 'a JSON document'],
    ['a schema', Buffer.from('---\nname: dp2\n'), 'a YAML file'],
    ['a text', Buffer.from('Not found, sorry\n'), 'a text file'],
    ['a bzip2 archive', Buffer.from('BZh91AY'), 'a bzip2 file'],
    ['an xz archive', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), 'an xz file'],
    ['a zstd archive', Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'a zstd file'],
    ['raw deflate data', deflateRawSync('x'.repeat(100)), 'binary data'],
  ])('are named: %s', async (_, content, looks) => {
    const error = await refusalOf(content)
    expect(error.code).toBe('not_gzip')
    expect(error.message).toContain(looks)
  })

  it('are named: a tar archive that was never compressed', async () => {
    const error = await refusalOf(await buildTar([GOOD]))
    expect(error).toMatchObject({ code: 'not_gzip', message: expect.stringContaining('an uncompressed tar file') })
  })

  it.each([
    ['one YAML file', Buffer.from('name: dp2\ntables: []\n'), 'a YAML file'],
    ['a long YAML file', Buffer.from('name: dp2\n'.repeat(500)), 'a YAML file'],
    ['a zip', Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(2000, 1)]), 'a zip file'],
    ['gzip again', gzipSync(Buffer.alloc(10)), 'gzip'],
    ['a tar whose first header is damaged', Buffer.concat([good().fill('x', 0, 5), END]), 'damaged first header'],
  ])('are named when they were gzipped: %s', async (_, content, looks) => {
    const error = await refusalOf(gzipSync(content))
    expect(error.code).toBe('not_tar')
    expect(error.message).toContain(looks)
  })

  it('are named: gzip of nothing', async () => {
    expect((await refusalOf(gzipSync(Buffer.alloc(0)))).code).toBe('not_tar')
  })
})

describe('damaged files', () => {
  it('are refused wherever the gzip data are cut', async () => {
    const archive = await buildRelease({ 'a.yaml': 'name: a', 'b.yaml': 'name: b' })
    for (let length = 1; length < archive.length; length += 1) {
      const { code } = await refusalOf(archive.subarray(0, length))
      expect(code, `cut at ${length}`).toBe(length < 2 ? 'not_gzip' : 'truncated_gzip')
    }
  })

  it('are refused wherever the tar data are cut, up to their end marker', async () => {
    const tar = await buildTar([GOOD, { name: `${SCHEMAS}/b.yaml`, content: 'x'.repeat(600) }])
    const marker = tar.length - 1024
    for (const length of [100, 512, 700, 1023, 1024, 1100, 1536, 2048, 2559, marker, marker + 100]) {
      const { code } = await refusalOf(gzipSync(tar.subarray(0, length)))
      expect(code, `cut at ${length}`).toBe(length === 100 ? 'not_tar' : 'truncated_tar')
    }
  })

  it('are refused when a bit has flipped in the packed data, unless it is one that means nothing', async () => {
    const archive = await buildRelease({ 'a.yaml': 'name: a', 'b.yaml': 'name: b' })
    const files = await readArchive(archive, LIMITS)
    let refused = 0
    for (let bit = 0; bit < archive.length * 8; bit += 3) {
      const damaged = Buffer.from(archive)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      const outcome = await readArchive(damaged, LIMITS).catch((error: unknown) => error)
      if (outcome instanceof ArchiveError) refused += 1
      else expect(outcome, `bit ${bit}`).toEqual(files)
    }
    expect(refused * 3).toBeGreaterThan((archive.length - 10) * 8)
  })

  it('are refused when a later header makes no sense', async () => {
    const later = rawEntry({ name: `${SCHEMAS}/b.yaml`, content: 'x' }).fill('?', 0, 20)
    expect((await refusalOf(gzipTar(good(), later, END))).code).toBe('corrupt_tar')
    const size = rawEntry({ name: `${SCHEMAS}/b.yaml`, size: 'not a number' })
    expect((await refusalOf(gzipTar(good(), size, END))).code).toBe('corrupt_tar')
  })

  it.each([
    ['text', Buffer.from('garbage')],
    ['zeros and then text', Buffer.from('\0\0\0\0garbage')],
    ['zeros and then another archive', Buffer.concat([Buffer.alloc(4), gzipSync('x')])],
    ['half a magic number', Buffer.from([0x1f])],
  ])('are refused when the gzip data are followed by %s', async (_, tail) => {
    const archive = Buffer.concat([await buildRelease({ 'a.yaml': '' }), tail])
    expect((await refusalOf(archive)).code).toMatch(/^(trailing_data|truncated_gzip)$/)
    const pieces = [...archive].map((byte) => Buffer.from([byte]))
    expect((await refusalOf(Readable.from(pieces))).code).toMatch(/^(trailing_data|truncated_gzip)$/)
  })

  it('are refused when the end marker of the tar data is followed by anything', async () => {
    const other = rawEntry({ name: `${SCHEMAS}/hidden.yaml`, content: 'name: hidden' })
    for (const tail of [Buffer.from('garbage'), Buffer.alloc(512, 'x'), Buffer.concat([other, END])]) {
      expect((await refusalOf(gzipTar(good(), END, tail))).code).toBe('trailing_data')
    }
    const two = Buffer.concat([await buildRelease({ 'a.yaml': '' }), await buildRelease({ 'b.yaml': '' })])
    expect((await refusalOf(two)).code).toBe('trailing_data')
  })

  it('are refused with every file that is not UTF-8, and where', async () => {
    const latin1 = Buffer.from('name: a\ndescription: caf\u00e9 noir\n', 'latin1')
    const utf16 = Buffer.from('\uFEFFname: b\n', 'utf16le')
    const cut = Buffer.from('name: \u00b5').subarray(0, 7)
    const error = await refusalOf(
      await buildRelease({ 'a.yaml': latin1, 'b.yaml': utf16, 'c.yaml': cut, 'd.yaml': 'fine' }),
    )
    expect(error.code).toBe('not_utf8')
    expect(error.problems.map(({ path, message }) => [path, message])).toEqual([
      [`${SCHEMAS}/a.yaml`, 'is not UTF-8 text: the first wrong byte is 0xe9 in line 2'],
      [`${SCHEMAS}/b.yaml`, expect.stringContaining('UTF-16')],
      [`${SCHEMAS}/c.yaml`, expect.stringContaining('line 1')],
    ])
  })

  it('differ from a network that broke, whose error passes unchanged', async () => {
    const archive = await buildRelease({ 'a.yaml': 'x' })
    const broken = new Error('socket hang up')
    const source = Readable.from(
      (async function* () {
        yield archive.subarray(0, 60)
        throw broken
      })(),
    )
    await expect(readArchive(source, DEFAULT_LIMITS)).rejects.toBe(broken)
  })
})
