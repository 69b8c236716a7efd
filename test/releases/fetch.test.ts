import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fetchRelease } from '../../shared/releases/fetch.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import type { ReleaseBucket } from '../../shared/releases/release-bucket.ts'
import type { StoredObject } from '../../shared/stored-objects.ts'
import { buildRelease } from './build-archive.ts'

const naming = { bucket: 'releases', template: '{version}/schemas.tar.gz' }

/** A bucket with one object in several generations, newest last. */
function bucketOf(name: string, generations: Readonly<Record<string, Buffer>>) {
  const reads: { name: string; generation?: string; maxBytes: number }[] = []
  const find = (asked: string, generation = Object.keys(generations).at(-1)) => {
    const content = generation === undefined ? undefined : generations[generation]
    if (asked !== name || generation === undefined || content === undefined) return undefined
    const object: StoredObject = {
      bucket: 'releases',
      name,
      generation,
      size: content.length,
      crc32c: null,
      timeCreated: '2026-11-21T00:00:00Z',
      contentType: 'application/gzip',
      metadata: {},
    }
    return { object, content }
  }
  const bucket: ReleaseBucket = {
    stat: async (asked, generation) => find(asked, generation)?.object,
    read: async (asked, options) => {
      reads.push({ name: asked, ...options })
      return find(asked, options.generation)
    },
  }
  return { bucket, reads }
}

describe('fetching a release', () => {
  it('gives its files and where they came from, by the newest generation', async () => {
    const older = await buildRelease({ 'a.yaml': 'older' })
    const newer = await buildRelease({ 'a.yaml': 'newer' })
    const { bucket, reads } = bucketOf('main/schemas.tar.gz', { '1700000000000001': older, '1700000000000002': newer })
    const release = await fetchRelease(bucket, naming, 'main', DEFAULT_LIMITS)
    expect(release).toEqual({
      version: 'main',
      files: new Map([['a.yaml', 'newer']]),
      source: {
        bucket: 'releases',
        object: 'main/schemas.tar.gz',
        generation: '1700000000000002',
        sha256: createHash('sha256').update(newer).digest('hex'),
        bytes: newer.length,
      },
    })
    expect(reads).toEqual([{ name: 'main/schemas.tar.gz', maxBytes: DEFAULT_LIMITS.unpackedBytes }])
  })

  it('gives exactly the generation that was asked for', async () => {
    const { bucket } = bucketOf('main/schemas.tar.gz', {
      '1': await buildRelease({ 'a.yaml': 'older' }),
      '2': await buildRelease({ 'a.yaml': 'newer' }),
    })
    const release = await fetchRelease(bucket, naming, 'main', DEFAULT_LIMITS, '1')
    expect(release?.files.get('a.yaml')).toBe('older')
    expect(release?.source.generation).toBe('1')
    expect(await fetchRelease(bucket, naming, 'main', DEFAULT_LIMITS, '3')).toBeUndefined()
  })

  it('gives nothing for a version that the bucket does not have', async () => {
    const { bucket } = bucketOf('main/schemas.tar.gz', { '1': Buffer.from('x') })
    expect(await fetchRelease(bucket, naming, 'w.2026.34', DEFAULT_LIMITS)).toBeUndefined()
  })

  it('complains about an archive under the name of its object', async () => {
    const { bucket } = bucketOf('main/schemas.tar.gz', { '1': Buffer.from('PK\u0003\u0004') })
    await expect(fetchRelease(bucket, naming, 'main', DEFAULT_LIMITS)).rejects.toMatchObject({
      code: 'not_gzip',
      permanent: true,
      message: expect.stringMatching(/^main\/schemas\.tar\.gz: /),
      problems: [{ file: 'main/schemas.tar.gz', code: 'not_gzip' }],
    })
  })

  it('takes no object over the limit, whatever the bucket lets through', async () => {
    const { bucket } = bucketOf('main/schemas.tar.gz', { '1': Buffer.alloc(2000) })
    await expect(
      fetchRelease(bucket, naming, 'main', { ...DEFAULT_LIMITS, unpackedBytes: 1999 }),
    ).rejects.toMatchObject({
      code: 'archive_too_large',
    })
  })

  it('asks the bucket for nothing when the version cannot name a release', async () => {
    const { bucket, reads } = bucketOf('x', {})
    await expect(fetchRelease(bucket, naming, '../x', DEFAULT_LIMITS)).rejects.toMatchObject({
      code: 'invalid_release_name',
      permanent: true,
    })
    expect(reads).toEqual([])
  })
})
