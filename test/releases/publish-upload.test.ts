import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import { TooLargeError } from '../../shared/platform/storage/storage-failures.ts'
import { isMutable } from '../../shared/releases/follow.ts'
import { assembleParts } from '../../shared/releases/publish/assemble-parts.ts'
import type { BuiltRelease } from '../../shared/releases/publish/build-release.ts'
import { type PublishTarget, uploadRelease } from '../../shared/releases/publish/upload-release.ts'
import { type FakeGcs, type Fault, startFakeGcs } from '../support/fake-gcs.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { buildSample } from './build-sample.ts'

const PREFIX = 'releases/w.2026.34/'
const NAMES = ['datalink-columns.zip', 'datalink-snippets.zip', 'release.json', 'schemas.tar.gz']

function publisher(gcs: FakeGcs, replace = false) {
  const target = openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint }, { retry: { sleep: async () => {} } })
  const where = 'gs://releases/releases/w.2026.34'
  return {
    target,
    publish: (release: BuiltRelease, force = replace) =>
      uploadRelease(release, { target, prefix: PREFIX, where, replace: force }),
  }
}

async function setUp({ replace = false } = {}) {
  const gcs = await startFakeGcs()
  return { gcs, ...publisher(gcs, replace), release: await buildSample() }
}

/** Other schemas with the same principal columns and snippets. */
function otherRelease(): Promise<BuiltRelease> {
  return buildSample({ files: new Map([['survey.yaml', `${sampleSchema('survey')}description: of another day\n`]]) })
}

async function contents(gcs: FakeGcs): Promise<Record<string, Buffer>> {
  const { target } = publisher(gcs)
  const found: Record<string, Buffer> = {}
  for await (const { name } of target.list('')) {
    found[name.slice(PREFIX.length)] = (await target.read(name, { maxBytes: 1e8 }))!.content
  }
  return found
}

function contentsOf(release: BuiltRelease): Record<string, Buffer> {
  return Object.fromEntries(assembleParts(release).map(({ name, content }) => [name, content]))
}

const written = ({ events }: FakeGcs) =>
  events
    .filter(({ attributes }) => attributes.eventType === 'OBJECT_FINALIZE')
    .map(({ resource }) => resource.name.slice(PREFIX.length))
const uploads = ({ requests }: FakeGcs) => requests.filter((line) => line.startsWith('POST'))

describe('the first time', () => {
  it('everything is uploaded, each over nothing, the archive last', async () => {
    const { gcs, publish, release, target } = await setUp()
    const { outcome, parts } = await publish(release)
    expect(outcome).toBe('published')
    expect(parts.map(({ name, uploaded }) => [name, uploaded])).toEqual(NAMES.map((name) => [name, true]))
    expect(written(gcs)).toEqual(NAMES)
    for (const line of uploads(gcs)) expect(line).toContain('ifGenerationMatch=0')
    expect(await contents(gcs)).toEqual(contentsOf(release))
    for (const { name, generation, sha256 } of parts) {
      expect(await target.stat(PREFIX + name)).toMatchObject({ generation, metadata: { sha256 } })
    }
    expect(await target.stat(`${PREFIX}schemas.tar.gz`)).toMatchObject({ contentType: 'application/gzip' })
  })
})

describe('the same content again', () => {
  it('changes nothing', async () => {
    const { gcs, publish, release } = await setUp()
    const first = await publish(release)
    const before = uploads(gcs).length
    const again = await publish(await buildSample())
    expect(again.outcome).toBe('unchanged')
    expect(again.parts).toEqual(first.parts.map((part) => ({ ...part, uploaded: false })))
    expect(uploads(gcs)).toHaveLength(before)
  })

  it('changes nothing either when only the commit is another', async () => {
    const { publish, release } = await setUp()
    await publish(release)
    expect((await publish(await buildSample({ commit: 'abcdef1' }))).outcome).toBe('unchanged')
  })

  it('of a version that is overwritten gets the new commit, without a new archive', async () => {
    const { publish, release } = await setUp({ replace: true })
    await publish(release)
    const { outcome, parts } = await publish(await buildSample({ commit: 'abcdef1' }))
    expect(outcome).toBe('replaced')
    expect(parts.filter(({ uploaded }) => uploaded).map(({ name }) => name)).toEqual(['release.json'])
  })

  it('changes nothing when the archive was compressed by another program', async () => {
    const { gcs, publish, release } = await setUp()
    const archive = gzipSync(gunzipSync(release.archive), { level: 1 })
    expect(archive.equals(release.archive)).toBe(false)
    await publish({ ...release, archive })
    expect((await publish(release)).outcome).toBe('unchanged')
    expect((await publish(release, true)).outcome).toBe('unchanged')
    const found = await contents(gcs)
    expect(found['schemas.tar.gz']!.equals(archive)).toBe(true)
  })

  it('changes nothing when the metadata was packed at another time, and describes what is there', async () => {
    const { gcs, publish, release } = await setUp()
    const [snippets, columns] = [packedLater(release.snippets), packedLater(release.columns)]
    await publish({ ...release, snippets, columns })
    expect((await publish(release)).outcome).toBe('unchanged')
    await gcs.store.remove(gcs.store.find('releases', `${PREFIX}release.json`)!)
    expect((await publish(release)).outcome).toBe('completed')
    const found = await contents(gcs)
    expect(found['datalink-snippets.zip']!.equals(snippets)).toBe(true)
    const { files } = JSON.parse(found['release.json']!.toString())
    expect(files['datalink-columns.zip'].sha256).toBe(createHash('sha256').update(columns).digest('hex'))
  })
})

/** The same files of a later day. */
function packedLater(zip: Buffer): Buffer {
  const later = Buffer.from(zip)
  for (const [mark, place] of [
    ['PK\x03\x04', 12],
    ['PK\x01\x02', 14],
  ] as const) {
    for (let at = later.indexOf(mark, 0, 'latin1'); at !== -1; at = later.indexOf(mark, at + 1, 'latin1')) {
      later.writeUInt16LE((46 << 9) | (11 << 5) | 21, at + place)
    }
  }
  expect(later.equals(zip)).toBe(false)
  return later
}

describe('other content under the same version', () => {
  it('is refused, and nothing is written', async () => {
    const { gcs, publish, release } = await setUp()
    await publish(release)
    const before = uploads(gcs).length
    const refusal = publish(await otherRelease())
    await expect(refusal).rejects.toMatchObject({
      code: 'release_exists',
      permanent: true,
      differing: ['release.json', 'schemas.tar.gz'],
    })
    expect(uploads(gcs)).toHaveLength(before)
  })

  it.each(NAMES)('is refused when only %s is there', async (name) => {
    const { gcs, publish, release } = await setUp()
    await gcs.put('releases', PREFIX + name, 'of another make')
    await expect(publish(release)).rejects.toMatchObject({ code: 'release_exists', differing: [name] })
    expect(Object.keys(await contents(gcs))).toEqual([name])
  })

  it('replaces it when that is wished, each object over the generation that was looked at', async () => {
    const { gcs, publish, release } = await setUp({ replace: true })
    const { parts: before } = await publish(release)
    gcs.requests.length = 0
    const other = await otherRelease()
    const { outcome, parts } = await publish(other)
    expect(outcome).toBe('replaced')
    expect(parts.filter(({ uploaded }) => uploaded).map(({ name }) => name)).toEqual(['release.json', 'schemas.tar.gz'])
    const generations = before.slice(2).map(({ generation }) => `ifGenerationMatch=${generation}`)
    expect(uploads(gcs).map((line) => /ifGenerationMatch=\d+/.exec(line)?.[0])).toEqual(generations)
    expect(await contents(gcs)).toEqual(contentsOf(other))
  })

  it('that is too large to be looked at is other content', async () => {
    const { gcs, target, release } = await setUp()
    await gcs.put('releases', `${PREFIX}release.json`, '{}')
    const read: PublishTarget['read'] = async (name, options) => {
      if (name.endsWith('release.json')) throw new TooLargeError(name, 1e9, options.maxBytes)
      return target.read(name, options)
    }
    const destination = {
      target: { stat: target.stat.bind(target), save: target.save.bind(target), read },
      prefix: PREFIX,
    }
    const refusal = uploadRelease(release, { ...destination, where: 'gs://releases', replace: false })
    await expect(refusal).rejects.toMatchObject({ code: 'release_exists', differing: ['release.json'] })
  })
})

describe('an interruption', () => {
  it.each(NAMES)('before %s is written is mended by running it again', async (name) => {
    const { gcs, publish, release } = await setUp()
    const skipped = NAMES.indexOf(name)
    if (skipped > 0) gcs.inject({ kind: 'meanwhile', run: async () => {}, match: /^POST/, times: skipped })
    gcs.inject({ kind: 'status', status: 403, match: /^POST/ })
    await expect(publish(release)).rejects.toMatchObject({ code: 'storage', status: 403 })
    expect(Object.keys(await contents(gcs))).toEqual(NAMES.slice(0, skipped))
    const { outcome, parts } = await publish(release)
    expect(outcome).toBe(skipped === 0 ? 'published' : 'completed')
    expect(parts.filter(({ uploaded }) => uploaded).map((part) => part.name)).toEqual(NAMES.slice(skipped))
    expect(await contents(gcs)).toEqual(contentsOf(release))
  })

  it('while it replaces is mended too', async () => {
    const { gcs, publish, release } = await setUp({ replace: true })
    await publish(release)
    const other = await otherRelease()
    gcs.inject({ kind: 'meanwhile', run: async () => {}, match: /^POST/ })
    gcs.inject({ kind: 'status', status: 403, match: /^POST/ })
    await expect(publish(other)).rejects.toMatchObject({ code: 'storage' })
    expect((await contents(gcs))['schemas.tar.gz']!.equals(release.archive)).toBe(true)
    expect((await publish(other)).outcome).toBe('replaced')
    expect(await contents(gcs)).toEqual(contentsOf(other))
  })
})

describe('a store that stumbles', () => {
  const FAULTS: readonly Fault[] = [
    { kind: 'status', status: 503, times: 3 },
    { kind: 'status', status: 429, match: /^POST/, times: 2 },
    { kind: 'reset', match: /^POST/ },
    { kind: 'lost-answer', match: /^POST/ },
    { kind: 'lost-answer', match: /^GET/ },
    { kind: 'lost-answer', times: 4 },
  ]
  it.each(FAULTS)('still gets each object once: $kind $status $match', async (fault) => {
    const { gcs, publish, release } = await setUp()
    gcs.inject(fault)
    expect((await publish(release)).outcome).toBe('published')
    expect(written(gcs)).toEqual(NAMES)
    expect(await contents(gcs)).toEqual(contentsOf(release))
  })
})

describe('another publisher at the same moment', () => {
  it('of the same content does no harm', async () => {
    const { gcs, release } = await setUp()
    const outcomes = await Promise.all([publisher(gcs).publish(release), publisher(gcs).publish(release)])
    expect(written(gcs).toSorted()).toEqual(NAMES)
    expect(await contents(gcs)).toEqual(contentsOf(release))
    expect(outcomes.flatMap(({ parts }) => parts).filter(({ uploaded }) => uploaded)).toHaveLength(4)
  })

  it.each(NAMES)('of other content that comes first with %s wins', async (name) => {
    const { gcs, publish, release } = await setUp()
    const steps = NAMES.indexOf(name)
    for (let step = 0; step < steps; step++) gcs.inject({ kind: 'meanwhile', run: async () => {}, match: /^POST/ })
    const theirs = () => gcs.put('releases', PREFIX + name, 'of another make')
    gcs.inject({ kind: 'meanwhile', run: theirs, match: /^POST/ })
    await expect(publish(release)).rejects.toMatchObject({ code: 'release_exists', differing: [name] })
    expect((await contents(gcs))[name]!.toString()).toBe('of another make')
    expect(written(gcs).filter((found) => found === 'schemas.tar.gz')).toHaveLength(name === 'schemas.tar.gz' ? 1 : 0)
  })

  it('who replaces the same version is not overwritten', async () => {
    const { gcs, publish, release } = await setUp({ replace: true })
    await publish(release)
    const theirs = () => gcs.put('releases', `${PREFIX}release.json`, 'of another make')
    gcs.inject({ kind: 'meanwhile', run: theirs, match: /^POST/ })
    await expect(publish(await otherRelease())).rejects.toMatchObject({ code: 'concurrent_publish', permanent: false })
    expect((await contents(gcs))['release.json']!.toString()).toBe('of another make')
    expect((await contents(gcs))['schemas.tar.gz']!.equals(release.archive)).toBe(true)
  })

  it('who replaced a part that was in place keeps the archive from being uploaded', async () => {
    const { gcs, publish, release } = await setUp({ replace: true })
    // Between the last small part and the archive.
    const theirs = () => gcs.put('releases', `${PREFIX}datalink-columns.zip`, 'of another make')
    for (let step = 0; step < 2; step++) gcs.inject({ kind: 'meanwhile', run: async () => {}, match: /^POST/ })
    gcs.inject({ kind: 'meanwhile', run: theirs, match: /^POST/ })
    await expect(publish(release)).rejects.toMatchObject({ code: 'concurrent_publish' })
    expect(Object.keys(await contents(gcs))).not.toContain('schemas.tar.gz')
    expect((await publish(release)).outcome).toBe('replaced')
    expect(await contents(gcs)).toEqual(contentsOf(release))
  })

  it('who replaced a part while the archive was written does not go unnoticed', async () => {
    const { gcs, publish, release } = await setUp({ replace: true })
    const theirs = () => gcs.put('releases', `${PREFIX}datalink-columns.zip`, 'of another make')
    for (let step = 0; step < 3; step++) gcs.inject({ kind: 'meanwhile', run: async () => {}, match: /^POST/ })
    gcs.inject({ kind: 'meanwhile', run: theirs, match: /^POST/ })
    await expect(publish(release)).rejects.toMatchObject({ code: 'concurrent_publish' })
  })
})

it.each([
  ['main', true],
  ['tickets/DM-54475', true],
  ['tickets/DM-1/again', true],
  ['releases/w.2026.34', false],
  ['releases/main', false],
  ['maintenance', false],
  ['tickets', false],
  ['v1', false],
])('the version %s is overwritten in place: %s', (version, mutable) => {
  expect(isMutable(version)).toBe(mutable)
})
