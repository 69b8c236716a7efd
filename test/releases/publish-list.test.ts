import { describe, expect, it } from 'vitest'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import { readDescription } from '../../shared/releases/publish/description.ts'
import { listReleases } from '../../shared/releases/publish/list-releases.ts'
import { uploadRelease } from '../../shared/releases/publish/upload-release.ts'
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts'
import { buildSample } from './build-sample.ts'

const NAMING = { bucket: 'releases', template: '{version}/schemas.tar.gz' }

const open = (gcs: FakeGcs) =>
  openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint }, { retry: { sleep: async () => {} } })

async function publish(gcs: FakeGcs, version: string, prefix = '') {
  const release = await buildSample({ version, commit: 'abcdef1' })
  return uploadRelease(release, { target: open(gcs), prefix: `${prefix}${version}/`, where: version, replace: false })
}

describe('a bucket of releases', () => {
  it('lists them with what their descriptions say, the latest first', async () => {
    const gcs = await startFakeGcs()
    await publish(gcs, 'releases/w.2026.33')
    const { parts } = await publish(gcs, 'main')
    const releases = await listReleases(open(gcs), NAMING)
    expect(releases.map(({ publishedAt }) => publishedAt)).toEqual(
      releases
        .map(({ publishedAt }) => publishedAt)
        .toSorted()
        .toReversed(),
    )
    const main = releases.find(({ version }) => version === 'main')
    expect(main).toMatchObject({
      object: 'main/schemas.tar.gz',
      bytes: parts[3]!.bytes,
      generation: parts[3]!.generation,
      remark: null,
      description: { version: 'main', commit: 'abcdef1', schemas: [{ name: 'survey', tables: 1, columns: 3 }] },
    })
  })

  it('finds only what is named as its releases are', async () => {
    const gcs = await startFakeGcs()
    await publish(gcs, 'v1')
    await publish(gcs, 'v1', 'felis/')
    await gcs.put('releases', 'felis/readme.txt', 'x')
    await gcs.put('releases', 'felisite/v2/schemas.tar.gz', 'x')
    const naming = { bucket: 'releases', template: 'felis/{version}/schemas.tar.gz' }
    expect((await listReleases(open(gcs), naming)).map(({ object }) => object)).toEqual(['felis/v1/schemas.tar.gz'])
  })

  it.each<[what: string, change: (gcs: FakeGcs) => Promise<unknown>, remark: RegExp]>([
    [
      'that came without one',
      (gcs) =>
        open(gcs)
          .stat('v1/release.json')
          .then((found) => open(gcs).remove('v1/release.json', found!.generation)),
      /has no release.json/,
    ],
    [
      'whose description is broken',
      (gcs) => gcs.put('releases', 'v1/release.json', '{"version": 1}'),
      /cannot be read/,
    ],
    [
      'whose description is huge',
      (gcs) => gcs.put('releases', 'v1/release.json', ' '.repeat(1_100_000)),
      /cannot be read/,
    ],
    [
      'whose archive was replaced by other means',
      (gcs) => gcs.put('releases', 'v1/schemas.tar.gz', 'other'),
      /of another archive/,
    ],
  ])('says of a release %s that it is not described', async (_, change, remark) => {
    const gcs = await startFakeGcs()
    await publish(gcs, 'v1')
    await change(gcs)
    expect(await listReleases(open(gcs), NAMING)).toMatchObject([
      { version: 'v1', description: null, remark: expect.stringMatching(remark) },
    ])
  })

  it('says of a release whose upload was interrupted that it is incomplete', async () => {
    const gcs = await startFakeGcs()
    gcs.inject({ kind: 'meanwhile', run: async () => {}, match: /^POST/, times: 3 })
    gcs.inject({ kind: 'status', status: 403, match: /^POST/ })
    await expect(publish(gcs, 'v1')).rejects.toMatchObject({ code: 'storage' })
    expect(await listReleases(open(gcs), NAMING)).toMatchObject([
      { version: 'v1', generation: null, bytes: null, remark: expect.stringContaining('incomplete') },
    ])
  })

  it('is listed over many pages, and by a store that stumbles', async () => {
    const gcs = await startFakeGcs()
    const names = Array.from({ length: 1100 }, (_, index) => `releases/v${String(index).padStart(4, '0')}`)
    await gcs.fill(
      'releases',
      names.map((name) => `${name}/schemas.tar.gz`),
    )
    gcs.inject({ kind: 'status', status: 503, match: /^GET/, times: 2 })
    const found = await listReleases(open(gcs), NAMING)
    expect(found.map(({ version }) => version).sort()).toEqual(names)
  })
})

describe('release.json', () => {
  const SOUND = {
    version: 'v1',
    commit: null,
    files: { 'schemas.tar.gz': { sha256: 'ab', bytes: 1 } },
    schemas: [{ file: 'a.yaml', name: 'a', version: null, tables: 1, columns: 2, keys: 0 }],
    services: [],
  }
  const read = (value: unknown) => readDescription(Buffer.from(JSON.stringify(value)))

  it('is read as it was written', () => {
    expect(read(SOUND)).toEqual(SOUND)
  })

  it.each<unknown>([
    null,
    [],
    'x',
    { ...SOUND, version: 1 },
    { ...SOUND, commit: 5 },
    { ...SOUND, files: null },
    { ...SOUND, files: { a: { sha256: 1, bytes: 1 } } },
    { ...SOUND, schemas: {} },
    { ...SOUND, schemas: [{ file: 'a.yaml' }] },
    { ...SOUND, schemas: [{ ...SOUND.schemas[0], tables: '1' }] },
    { ...SOUND, services: [1] },
  ])('%j is none', (value) => {
    expect(read(value)).toBeNull()
  })

  it('is text', () => {
    expect(readDescription(Buffer.from([0xff]))).toBeNull()
  })
})
