import { randomBytes } from 'node:crypto'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { MemoryStore } from '../../local/gcs/memory-store.ts'
import type { BucketOptions } from '../../shared/platform/storage/objects.ts'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import type { ObjectPage } from '../../shared/stored-objects.ts'
import { type Fault, startFakeGcs } from '../support/fake-gcs.ts'

const NAME = 'releases/w.2026.34/schemas.tar.gz'
const QUICK: BucketOptions = { retry: { sleep: async () => {} }, timeoutMs: 400 }
/** For trouble that never ends: each attempt waits in vain. */
const BRIEF: BucketOptions = { retry: { sleep: async () => {}, attempts: 2 }, timeoutMs: 100 }
const limit = { maxBytes: 1_000_000 }

async function setUp(content: string | Uint8Array = 'first') {
  const gcs = await startFakeGcs()
  const resource = await gcs.put('releases', NAME, content, { metadata: { commit: 'abc' }, contentType: 'text/x-test' })
  const bucket = openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint }, QUICK)
  gcs.requests.length = 0
  return { gcs, resource, bucket }
}

describe('looking up an object', () => {
  it('says its generation, size, checksum, type and metadata', async () => {
    const { bucket, resource } = await setUp()
    expect(await bucket.stat(NAME)).toEqual({
      bucket: 'releases',
      name: NAME,
      generation: resource.generation,
      size: 5,
      crc32c: resource.crc32c,
      timeCreated: resource.timeCreated,
      contentType: 'text/x-test',
      metadata: { commit: 'abc' },
    })
  })

  it('is undefined for an object, or a generation, that is not there', async () => {
    const { bucket, gcs, resource } = await setUp()
    expect(await bucket.stat('nothing')).toBeUndefined()
    expect(await bucket.stat(NAME, resource.generation)).toMatchObject({ generation: resource.generation })
    await gcs.put('releases', NAME, 'second')
    expect(await bucket.stat(NAME, resource.generation)).toBeUndefined()
  })

  it.each(['0', '', 'latest', '-1', '1.5', '1e3', '01', '9223372036854775807', '9223372036854775808'])(
    'never takes the newest object for generation %j',
    async (generation) => {
      const { bucket } = await setUp()
      expect(await bucket.stat(NAME, generation)).toBeUndefined()
      expect(await bucket.read(NAME, { generation, ...limit })).toBeUndefined()
    },
  )

  it('knows generations of 19 digits to the last one, as a store gives them that counts nanoseconds', async () => {
    const first = '1795711522392420509'
    class Nanoseconds extends MemoryStore {
      #last = BigInt(first) - 1n
      override async nextGeneration(): Promise<string> {
        this.#last += 1n
        return String(this.#last)
      }
    }
    const gcs = await startFakeGcs({ store: new Nanoseconds() })
    const bucket = openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint }, QUICK)
    expect(await bucket.save(NAME, Buffer.from('first'), { ifGenerationMatch: '0' })).toMatchObject({
      generation: first,
    })
    expect(await bucket.stat(NAME, first)).toMatchObject({ generation: first })
    expect(await bucket.stat(NAME, '1795711522392420508')).toBeUndefined()
    expect((await bucket.read(NAME, { generation: first, ...limit }))?.content.toString()).toBe('first')
    expect(await bucket.read(NAME, { generation: '1795711522392420508', ...limit })).toBeUndefined()
    expect(gcs.requests.every((line) => !/generation=(?!1795711522392420(?:509|508)\b)/.test(line))).toBe(true)
    const { objects } = await bucket.page({})
    expect(objects).toMatchObject([{ generation: first }])
    expect(await bucket.remove(NAME, '1795711522392420508')).toBe('replaced')
    const second = await bucket.save(NAME, Buffer.from('second'), { ifGenerationMatch: first })
    expect(second.generation).toBe('1795711522392420510')
    expect(await bucket.removeListed({ name: NAME, generation: second.generation, metageneration: '1' })).toBe(
      'removed',
    )
  })

  it.each([
    ['a generation that has lost digits', '"generation":1795711522392420509'],
    ['a generation of words', '"generation":"latest"'],
    ['a size of words', '"generation":"5","size":"large"'],
    ['a negative size', '"generation":"5","size":-1'],
  ])('fails when the store says %s', async (_what, fields) => {
    const { bucket, gcs } = await setUp()
    const size = fields.includes('size') ? '' : ',"size":"5"'
    const item = `{"name":"a","metageneration":"1","timeCreated":"2026-11-21T10:00:00Z",${fields}${size}}`
    gcs.inject({ kind: 'body', text: item, times: 9, match: /\/o\/\S+\?/ })
    await expect(bucket.stat(NAME)).rejects.toMatchObject({ code: 'storage', permanent: false })
    gcs.inject({ kind: 'body', text: `{"items":[${item}]}`, times: 9, match: /\/o\?/ })
    await expect(bucket.page({})).rejects.toMatchObject({ code: 'storage', permanent: false })
  })

  it.each(['', '.', '..', 'a\nb', 'x'.repeat(1025), '\ud800'])(
    'is undefined for the impossible name %j',
    async (name) => {
      const { bucket } = await setUp()
      expect(await bucket.stat(name)).toBeUndefined()
    },
  )

  it('is an error when the bucket is missing, which no event can mend by being acknowledged', async () => {
    const { gcs } = await setUp()
    const bucket = openBucket({ bucket: 'no-such-bucket', apiEndpoint: gcs.endpoint }, QUICK)
    await expect(bucket.stat(NAME)).rejects.toMatchObject({
      code: 'storage',
      permanent: false,
      status: 404,
      message: expect.stringMatching(/no-such-bucket.*check the bucket's name/),
    })
  })

  it('says what to grant when access is denied, does not try again, and stays transient', async () => {
    const { bucket, gcs } = await setUp()
    gcs.inject({ kind: 'status', status: 403, message: 'storage.objects.get denied', times: 10 })
    await expect(bucket.stat(NAME)).rejects.toMatchObject({
      code: 'storage',
      permanent: false,
      status: 403,
      message: expect.stringContaining('roles/storage.objectViewer'),
    })
    expect(gcs.requests).toHaveLength(1)
  })
})

describe('reading an object', () => {
  it.each([
    ['empty', Buffer.alloc(0)],
    ['small', Buffer.from('first')],
    ['larger than a chunk', randomBytes(700_001)],
  ])('gives content that is %s', async (_what, content) => {
    const { bucket, resource } = await setUp(content)
    const found = await bucket.read(NAME, limit)
    expect(found?.content.equals(content)).toBe(true)
    expect(found?.object.generation).toBe(resource.generation)
  })

  it('is undefined for an object, or a generation, that is not there', async () => {
    const { bucket, gcs, resource } = await setUp()
    await gcs.put('releases', NAME, 'second')
    expect(await bucket.read('nothing', limit)).toBeUndefined()
    expect(await bucket.read(NAME, { generation: resource.generation, ...limit })).toBeUndefined()
  })

  it('raises no warning', async () => {
    const { bucket } = await setUp()
    const warnings: Error[] = []
    const listen = (warning: Error) => void warnings.push(warning)
    process.on('warning', listen)
    onTestFinished(() => void process.off('warning', listen))
    await bucket.read(NAME, limit)
    await new Promise((done) => setImmediate(done))
    expect(warnings).toEqual([])
  })

  it('refuses an object over the limit for good, without downloading it', async () => {
    const { bucket, gcs } = await setUp()
    await expect(bucket.read(NAME, { maxBytes: 4 })).rejects.toMatchObject({ code: 'too_large', permanent: true })
    expect(gcs.requests.filter((line) => line.includes('alt=media'))).toEqual([])
    expect(await bucket.read(NAME, { maxBytes: 5 })).toBeDefined()
  })

  it('pairs content with the description of the same generation when the object is overwritten meanwhile', async () => {
    const { bucket, gcs } = await setUp()
    gcs.inject({ kind: 'meanwhile', match: /alt=media/, run: () => gcs.put('releases', NAME, 'the second') })
    const found = await bucket.read(NAME, limit)
    expect(String(found?.content)).toBe('the second')
    expect(found?.object.size).toBe(10)
  })

  it('is undefined when the wanted generation is overwritten meanwhile', async () => {
    const { bucket, gcs, resource } = await setUp()
    gcs.inject({ kind: 'meanwhile', match: /alt=media/, run: () => gcs.put('releases', NAME, 'the second') })
    expect(await bucket.read(NAME, { generation: resource.generation, ...limit })).toBeUndefined()
  })

  it('gives up, to be tried again later, when the object never stays the same', async () => {
    const { bucket, gcs } = await setUp()
    const run = () => gcs.put('releases', NAME, randomBytes(8))
    gcs.inject({ kind: 'meanwhile', match: /alt=media/, times: 100, run })
    await expect(bucket.read(NAME, limit)).rejects.toMatchObject({ code: 'storage', permanent: false })
  })

  it('gives the stored bytes of an object with Content-Encoding gzip', async () => {
    const stored = randomBytes(3000)
    const gcs = await startFakeGcs()
    await gcs.put('releases', NAME, stored, { contentEncoding: 'gzip' })
    const bucket = openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint }, QUICK)
    expect((await bucket.read(NAME, limit))?.content.equals(stored)).toBe(true)
  })

  it.each([
    'plus+and space',
    'percent%2Fencoded',
    'question?mark#hash',
    'día/Ω/日本/😀.tar.gz',
    'dots/../and/./so',
    '/leading//double/',
    'a&b=c;d',
  ])('finds the name %j', async (name) => {
    const { bucket, gcs } = await setUp()
    await gcs.put('releases', name, name)
    expect(String((await bucket.read(name, limit))?.content)).toBe(name)
    expect((await bucket.read(name, limit))?.object.name).toBe(name)
  })
})

describe('a store in trouble', () => {
  const passing: [string, Fault][] = [
    ...[408, 429, 500, 502, 503, 504].map((status): [string, Fault] => [
      `answering ${status}`,
      { kind: 'status', status, times: 3 },
    ]),
    ['answering 503 to the download only', { kind: 'status', status: 503, match: /alt=media/, times: 3 }],
    ['that resets the connection', { kind: 'reset', times: 3 }],
    ['that resets the download', { kind: 'reset', match: /alt=media/, times: 3 }],
    ['that breaks off within the description', { kind: 'cut', bytes: 20, times: 2 }],
    ['that breaks off within the content', { kind: 'cut', bytes: 3, match: /alt=media/, times: 3 }],
    ['that sends too little content', { kind: 'truncate', bytes: 3, match: /alt=media/, times: 3 }],
    ['that sends a truncated description', { kind: 'truncate', bytes: 30, times: 2 }],
    ['that sends damaged content', { kind: 'corrupt', match: /alt=media/, times: 3 }],
    ['that does not answer', { kind: 'stall', bytes: null }],
    ['that does not begin the download', { kind: 'stall', bytes: null, match: /alt=media/ }],
    ['that stops within the content', { kind: 'stall', bytes: 3, match: /alt=media/ }],
  ]

  it.each(passing)('%s for a while is waited for', async (_what, fault) => {
    const { bucket, gcs } = await setUp()
    gcs.inject(fault)
    expect(String((await bucket.read(NAME, limit))?.content)).toBe('first')
  })

  it.each(passing.map(([what, fault]): [string, Fault] => [what, { ...fault, times: 1000 }]))(
    '%s for good is a transient failure',
    async (_what, fault) => {
      const { gcs } = await setUp()
      gcs.inject(fault)
      const bucket = openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint }, BRIEF)
      await expect(bucket.read(NAME, limit)).rejects.toMatchObject({
        code: 'storage',
        permanent: false,
        message: expect.stringContaining(`gs://releases/${NAME}`),
      })
    },
  )

  it('that is not there is a transient failure', async () => {
    const { bucket, gcs } = await setUp()
    await gcs.stop()
    await expect(bucket.read(NAME, limit)).rejects.toMatchObject({ code: 'storage', permanent: false, status: null })
  })
})

describe('readers at the same time', () => {
  it('each get their content, although the client closes all connections when one breaks', async () => {
    const { bucket, gcs } = await setUp()
    const contents = Array.from({ length: 12 }, (_, index) => randomBytes(50_000 + index))
    for (const [index, content] of contents.entries()) await gcs.put('releases', `many/${index}`, content)
    gcs.inject({ kind: 'cut', bytes: 20_000, match: /many.*alt=media/, times: 4 })
    gcs.inject({ kind: 'corrupt', match: /many.*alt=media/, times: 4 })
    const found = await Promise.all(contents.map((_, index) => bucket.read(`many/${index}`, limit)))
    expect(found.map((read, index) => read?.content.equals(contents[index]!))).toEqual(contents.map(() => true))
  })
})

describe('the environment of the process', () => {
  it('cannot send calls to a stand-in on this machine through a proxy, or to another stand-in', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1')
    vi.stubEnv('NO_PROXY', 'example.org')
    vi.stubEnv('STORAGE_EMULATOR_HOST', 'http://127.0.0.1:1')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { bucket } = await setUp()
    await bucket.save('new', Buffer.from('text'), { ifGenerationMatch: '0' })
    expect(String((await bucket.read('new', limit))?.content)).toBe('text')
    expect(process.env.NO_PROXY).toBe('example.org,127.0.0.1')
  })
})

describe('listing', () => {
  it('gives the objects under a prefix in order, over all pages', async () => {
    const { bucket, gcs } = await setUp()
    await gcs.fill(
      'releases',
      Array.from({ length: 1203 }, (_, index) => `many/${String(index).padStart(5, '0')}`),
    )
    gcs.inject({ kind: 'status', status: 503, match: /pageToken/ })
    const names: string[] = []
    for await (const { name } of bucket.list('many/')) names.push(name)
    expect(names).toHaveLength(1203)
    expect(names).toEqual([...names].sort())
    expect(gcs.requests.filter((line) => line.includes('pageToken'))).toHaveLength(2)
  })

  it('gives page after page by their tokens, also when one is empty', async () => {
    const { bucket, gcs } = await setUp()
    for (const name of ['a/', 'b/', 'b/1']) await gcs.put('releases', name, '')
    gcs.inject({ kind: 'short-page', entries: 0, match: /\/o\?/ })
    gcs.inject({ kind: 'short-page', entries: 1, match: /\/o\?/ })
    const pages: string[][] = []
    let pageToken: string | null = null
    do {
      const page: ObjectPage = await bucket.page({ prefix: 'b/' }, pageToken)
      pages.push(page.objects.map(({ name }) => name))
      pageToken = page.nextPageToken
    } while (pageToken !== null)
    expect(pages).toEqual([[], ['b/'], ['b/1']])
    expect(await bucket.page({ startOffset: 'z' })).toEqual({ objects: [], nextPageToken: null })
  })

  it('that does not end is an error, whether a page names itself as the next one or one empty page the other', async () => {
    const { bucket, gcs } = await setUp()
    gcs.inject({ kind: 'body', text: '{"items":[],"nextPageToken":"x"}', match: /\/o\?/, times: 100 })
    const error = { code: 'storage', permanent: false, message: expect.stringContaining('names itself') }
    await expect(bucket.page({}, 'x')).rejects.toMatchObject(error)
    await expect(Array.fromAsync(bucket.list(''))).rejects.toMatchObject(error)
    const other = await setUp()
    let pages = 0
    other.gcs.inject({
      kind: 'page',
      match: /\/o\?/,
      times: 5000,
      page: () => ({ items: [], nextPageToken: String(pages++) }),
    })
    await expect(Array.fromAsync(other.bucket.list(''))).rejects.toThrow(/does not end/)
    expect(pages).toBeLessThan(1100)
  })

  it.each<[string, Fault]>([
    ['empty', { kind: 'truncate', bytes: 0, times: 2 }],
    ['cut short', { kind: 'truncate', bytes: 20, times: 2 }],
    ['null', { kind: 'body', text: 'null', times: 2 }],
    ['a page of HTML', { kind: 'body', text: '<html>Sign in</html>', times: 2 }],
    ['of a wrong shape', { kind: 'body', text: '{"items": {}}', times: 2 }],
    ['of incomplete entries', { kind: 'body', text: '{"items": [{"name": "a"}]}', times: 2 }],
  ])('does not take an answer that is %s for an empty bucket, and does not end the process', async (_what, fault) => {
    const { bucket, gcs } = await setUp()
    gcs.inject(fault)
    expect((await bucket.page({})).objects.map(({ name }) => name)).toEqual([NAME])
    gcs.inject(fault)
    expect((await Array.fromAsync(bucket.list(''))).map(({ name }) => name)).toEqual([NAME])
    gcs.inject({ ...fault, times: 100 })
    await expect(bucket.page({})).rejects.toMatchObject({ code: 'storage', permanent: false })
  })

  it('of a prefix without objects is empty', async () => {
    const { bucket } = await setUp()
    expect(await Array.fromAsync(bucket.list('none/'))).toEqual([])
  })
})

describe('saving', () => {
  it('writes a new object with its type and metadata', async () => {
    const { bucket } = await setUp()
    const saved = await bucket.save('new', Buffer.from('text'), {
      ifGenerationMatch: '0',
      contentType: 'application/gzip',
      metadata: { by: 'someone' },
    })
    expect(saved).toMatchObject({ name: 'new', size: 4, contentType: 'application/gzip', metadata: { by: 'someone' } })
    expect(await bucket.stat('new')).toEqual(saved)
  })

  it('replaces the generation that it names, and no other', async () => {
    const { bucket, resource } = await setUp()
    const options = { ifGenerationMatch: resource.generation }
    const saved = await bucket.save(NAME, Buffer.from('second'), options)
    expect(BigInt(saved.generation)).toBeGreaterThan(BigInt(resource.generation))
    await expect(bucket.save(NAME, Buffer.from('third'), options)).rejects.toMatchObject({
      code: 'precondition_failed',
      permanent: true,
    })
    await expect(bucket.save(NAME, Buffer.from('third'), { ifGenerationMatch: '0' })).rejects.toThrow(/exists already/)
    expect(String((await bucket.read(NAME, limit))?.content)).toBe('second')
  })

  it.each<[string, Fault]>([
    ['503', { kind: 'status', status: 503, match: /^POST/, times: 3 }],
    ['a reset', { kind: 'reset', match: /^POST/, times: 3 }],
    ['silence', { kind: 'stall', bytes: null, match: /^POST/ }],
    ['a lost answer', { kind: 'lost-answer', match: /^POST/ }],
    ['an answer that breaks off', { kind: 'cut', bytes: 10, match: /^POST/ }],
  ])('survives %s and writes once', async (_what, fault) => {
    const { bucket, gcs } = await setUp()
    gcs.inject(fault)
    const saved = await bucket.save('new', Buffer.from('text'), { ifGenerationMatch: '0' })
    expect(await bucket.stat('new')).toEqual(saved)
    expect(gcs.events.filter(({ resource }) => resource.name === 'new')).toHaveLength(1)
  })

  it('does not take what somebody else wrote for its own after a lost answer', async () => {
    const { bucket, gcs } = await setUp()
    gcs.inject({ kind: 'reset', match: /^POST/ })
    gcs.inject({ kind: 'meanwhile', match: /^POST.*name=new/, run: () => gcs.put('releases', 'new', 'theirs') })
    await expect(bucket.save('new', Buffer.from('ours'), { ifGenerationMatch: '0' })).rejects.toMatchObject({
      code: 'precondition_failed',
    })
  })

  it('refuses an impossible name', async () => {
    const { bucket } = await setUp()
    await expect(bucket.save('a\nb', Buffer.from(''), { ifGenerationMatch: '0' })).rejects.toMatchObject({
      code: 'invalid_object_name',
      permanent: true,
    })
  })
})

describe('removing', () => {
  it('deletes the generation that it names, and no other', async () => {
    const { bucket, gcs, resource } = await setUp()
    const second = await gcs.put('releases', NAME, 'second')
    expect(await bucket.remove(NAME, resource.generation)).toBe('replaced')
    expect(await bucket.stat(NAME)).toBeDefined()
    expect(await bucket.remove(NAME, second.generation)).toBe('removed')
    expect(await bucket.remove(NAME, second.generation)).toBe('absent')
    expect(await bucket.remove(NAME, 'nonsense')).toBe('absent')
    expect(await bucket.stat(NAME)).toBeUndefined()
  })

  it('survives a lost answer', async () => {
    const { bucket, gcs, resource } = await setUp()
    gcs.inject({ kind: 'lost-answer', match: /^DELETE/ })
    expect(await bucket.remove(NAME, resource.generation)).toBe('absent')
    expect(await bucket.stat(NAME)).toBeUndefined()
  })
})
