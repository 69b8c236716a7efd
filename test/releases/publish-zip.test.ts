import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packZip } from '../../shared/releases/publish/pack-zip.ts'
import { readZip as unpackZip } from '../../shared/releases/publish/read-zip.ts'
import { runs } from '../support/effort.ts'
import { readZip } from './read-zip.ts'

const files = new Map<string, Uint8Array>([
  ['datalink-manifest.json', Buffer.from('{}\n')],
  ['Übersicht.xml', Buffer.from('<a/>')],
  ['empty.xml', Buffer.alloc(0)],
])

test('files come out as they went in: sorted, stored, of the first day that ZIP knows', () => {
  const entries = readZip(packZip(files))
  expect(entries.map(({ name, content }) => [name, content.toString()])).toEqual([
    ['datalink-manifest.json', '{}\n'],
    ['empty.xml', ''],
    ['Übersicht.xml', '<a/>'],
  ])
  expect(entries.map(({ method, utf8, time }) => ({ method, utf8, time }))).toEqual([
    { method: 0, utf8: false, time: '1980-01-01 00:00:00' },
    { method: 0, utf8: false, time: '1980-01-01 00:00:00' },
    { method: 0, utf8: true, time: '1980-01-01 00:00:00' },
  ])
})

test('an archive of nothing is an archive', () => {
  expect(readZip(packZip(new Map()))).toEqual([])
  expect(packZip(new Map())).toHaveLength(22)
})

test('the same files are the same bytes, in whatever order they come', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ minLength: 1, unit: 'grapheme' }), fc.uint8Array({ maxLength: 300 })),
      (contents) => {
        const entries = Object.entries(contents)
        const archive = packZip(new Map(entries))
        expect(packZip(new Map(entries.toReversed())).equals(archive)).toBe(true)
        const found = readZip(archive).map(({ name, content }) => [name, [...content]] as const)
        expect(new Map(found)).toEqual(new Map(entries.map(([name, content]) => [name, [...content]])))
      },
    ),
    { numRuns: runs(25) },
  )
})

test('more files than ZIP can count are refused', () => {
  const many = new Map(Array.from({ length: 65_536 }, (_, index) => [`${index}`, new Uint8Array(0)]))
  expect(() => packZip(many)).toThrow(RangeError)
})

test('our own reader gives the files of an archive, and nothing for one that is damaged', () => {
  const archive = packZip(files)
  expect(unpackZip(archive)).toEqual(new Map([...files].map(([name, content]) => [name, Buffer.from(content)])))
  expect(unpackZip(packZip(new Map()))).toEqual(new Map())
  for (let length = 0; length < archive.length; length++) expect(unpackZip(archive.subarray(0, length))).toBeNull()
  const damaged = fc.property(fc.nat(archive.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
    const other = Buffer.from(archive)
    other[at] = other[at]! ^ change
    // Times, say, do not matter; contents do.
    for (const [name, content] of unpackZip(other) ?? []) {
      const [known] = [...files.values()].filter((one) => content.equals(one))
      expect(known, name).toBeDefined()
    }
  })
  fc.assert(damaged, { numRuns: runs(80) })
})

test('it reads what is compressed', () => {
  // `a.xml`, `<a/>` repeated, deflated.
  const text = Buffer.from('<a/>'.repeat(100))
  const stored = packZip(new Map([['a.xml', text]]))
  const packed = deflateRawSync(text)
  const directory = stored.indexOf('PK\x01\x02', 0, 'latin1')
  const [header, tail] = [Buffer.from(stored.subarray(0, 35)), Buffer.from(stored.subarray(directory))]
  header.writeUInt16LE(8, 8)
  header.writeUInt32LE(packed.length, 18)
  tail.writeUInt16LE(8, 10)
  tail.writeUInt32LE(packed.length, 20)
  tail.writeUInt32LE(header.length + packed.length, tail.length - 6)
  expect(unpackZip(Buffer.concat([header, packed, tail]))).toEqual(new Map([['a.xml', text]]))
})
