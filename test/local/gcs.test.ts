import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { Storage } from '@google-cloud/storage'
import { describe, expect, it, vi } from 'vitest'
import { crc32c } from '../../shared/platform/storage/crc32c.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'

// The client's downloads put eleven listeners on one stream.
setMaxListeners(20)

async function setUp() {
  const gcs = await startFakeGcs({ buckets: ['releases', 'other'] })
  const storage = new Storage({ apiEndpoint: gcs.endpoint, projectId: 'local', retryOptions: { autoRetry: false } })
  return { gcs, storage, bucket: storage.bucket('releases') }
}

async function call(
  endpoint: string,
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(`${endpoint}${path}`, { method, headers, ...(body !== undefined && { body }) })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, json: text.startsWith('{') ? JSON.parse(text) : text }
}

describe('uploads of the real client', () => {
  it.each([
    ['in one request', { resumable: false }],
    ['resumable', { resumable: true }],
    ['resumable in chunks', { resumable: true, chunkSize: 256 * 1024 }],
  ])('arrive whole and verified: %s', async (_how, options) => {
    const { bucket } = await setUp()
    const content = randomBytes(700_000)
    await bucket.file('a/b.bin').save(content, { ...options, contentType: 'x/y', metadata: { metadata: { k: 'v' } } })
    const [metadata] = await bucket.file('a/b.bin').getMetadata()
    expect(metadata).toMatchObject({
      kind: 'storage#object',
      bucket: 'releases',
      name: 'a/b.bin',
      contentType: 'x/y',
      metadata: { k: 'v' },
      size: '700000',
      crc32c: crc32c(content),
      metageneration: '1',
    })
    const [downloaded] = await bucket.file('a/b.bin').download()
    expect(downloaded.equals(content)).toBe(true)
  })

  it('can be downloaded by everybody, by bucket and name', async () => {
    const { gcs, bucket } = await setUp()
    await bucket.file('a b/c#.txt').save('hello', { contentType: 'text/plain' })
    const answer = await fetch(`${gcs.endpoint}/releases/a%20b/c%23.txt`)
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/plain',
      'hello',
    ])
    expect((await fetch(`${gcs.endpoint}/releases/nothing`)).status).toBe(404)
  })

  it('may be empty', async () => {
    const { bucket } = await setUp()
    await bucket.file('empty').save('', { resumable: false })
    await bucket.file('empty2').save('', { resumable: true })
    expect((await bucket.file('empty').download())[0]).toHaveLength(0)
    expect((await bucket.file('empty2').download())[0]).toHaveLength(0)
  })

  it('are refused when a precondition does not hold, and leave what is there', async () => {
    const { bucket } = await setUp()
    const file = bucket.file('x')
    await file.save('one', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } })
    for (const resumable of [false, true]) {
      const again = file.save('two', { resumable, preconditionOpts: { ifGenerationMatch: 0 } })
      await expect(again).rejects.toMatchObject({ code: 412 })
    }
    expect(String((await file.download())[0])).toBe('one')
  })

  it('are refused when the announced checksum is another', async () => {
    const { gcs } = await setUp()
    const announced = { crc32c: crc32c(Buffer.from('other')) }
    await expect(gcs.put('releases', 'x', 'content', announced)).rejects.toThrow(/CRC32C/)
    expect(gcs.store.find('releases', 'x')).toBeUndefined()
    expect(gcs.events).toEqual([])
  })
})

describe('downloads of the real client', () => {
  it('can be ranges', async () => {
    const { gcs, bucket } = await setUp()
    await gcs.put('releases', 'x', '0123456789')
    expect(String((await bucket.file('x').download({ start: 2, end: 4 }))[0])).toBe('234')
    expect(String((await bucket.file('x').download({ start: 7 }))[0])).toBe('789')
    await expect(bucket.file('x').download({ start: 10 })).rejects.toMatchObject({ code: 416 })
  })

  it('are decompressed when they are stored with gzip', async () => {
    const { gcs, bucket } = await setUp()
    await bucket.file('x').save('a text', { gzip: true, resumable: false })
    expect(gcs.store.find('releases', 'x')?.contentEncoding).toBe('gzip')
    expect(String((await bucket.file('x').download())[0])).toBe('a text')
    const plain = await fetch(`${gcs.endpoint}/storage/v1/b/releases/o/x?alt=media`, {
      headers: { 'accept-encoding': 'identity' },
    })
    expect(await plain.text()).toBe('a text')
  })

  it('work under the address that clients in Python use', async () => {
    const { gcs } = await setUp()
    await gcs.put('releases', 'a/b', 'content')
    const answer = await fetch(`${gcs.endpoint}/download/storage/v1/b/releases/o/a%2Fb?alt=media`)
    expect(await answer.text()).toBe('content')
  })

  it('of another generation than the one that is there find nothing', async () => {
    const { gcs, bucket } = await setUp()
    const first = await gcs.put('releases', 'x', 'one')
    await gcs.put('releases', 'x', 'two')
    await expect(bucket.file('x', { generation: first.generation }).download()).rejects.toMatchObject({ code: 404 })
  })
})

describe('metadata', () => {
  it('is merged by a patch and counts metagenerations', async () => {
    const { gcs, bucket } = await setUp()
    await gcs.put('releases', 'x', 'one', {
      metadata: { a: '1', b: '2' },
      contentType: 'x/y',
      cacheControl: 'no-store',
    })
    const [patched] = await bucket.file('x').setMetadata({ metadata: { b: null, c: '3' }, contentType: 'a/b' })
    expect(patched).toMatchObject({ metadata: { a: '1', c: '3' }, contentType: 'a/b', cacheControl: 'no-store' })
    expect(patched).toMatchObject({ metageneration: '2', size: '3' })
    expect(patched.metadata).not.toHaveProperty('b')
    await expect(
      bucket.file('x').setMetadata({ contentType: 'q/r' }, { ifMetagenerationMatch: 1 }),
    ).rejects.toMatchObject({ code: 412 })
  })

  it('goes along with a copy, whose source can be pinned', async () => {
    const { gcs, storage, bucket } = await setUp()
    const { generation } = await gcs.put('releases', 'a', 'one', { metadata: { k: 'v' }, contentType: 'x/y' })
    await bucket.file('a', { generation }).copy(storage.bucket('other').file('b/c'))
    expect(gcs.store.find('other', 'b/c')).toMatchObject({ metadata: { k: 'v' }, contentType: 'x/y', size: '3' })
    await gcs.put('releases', 'a', 'two')
    const stale = bucket.file('a', { generation }).copy(storage.bucket('other').file('d'))
    await expect(stale).rejects.toMatchObject({ code: 404 })
  })
})

describe('listing', () => {
  it('goes by prefix, delimiter, offsets and pages in UTF-8 order', async () => {
    const { gcs, bucket } = await setUp()
    const names = ['a/1', 'a/2', 'a/b/3', 'a/b/4', 'a0', 'b', '\uffee', '😀']
    for (const name of [...names].reverse()) await gcs.put('releases', name, '')
    const found = async (query: object) => (await bucket.getFiles(query))[0].map(({ name }) => name)
    expect(await found({})).toEqual(names)
    const paged: string[] = []
    let query: object | null = { maxResults: 3, autoPaginate: false }
    while (query !== null) {
      const [files, next]: [{ name: string }[], object | null, ...unknown[]] = await bucket.getFiles(query)
      expect(files.length).toBeLessThanOrEqual(3)
      paged.push(...files.map(({ name }) => name))
      query = next ?? null
    }
    expect(paged).toEqual(names)
    expect(await found({ prefix: 'a/' })).toEqual(['a/1', 'a/2', 'a/b/3', 'a/b/4'])
    expect(await found({ startOffset: 'a/b/4', endOffset: 'b' })).toEqual(['a/b/4', 'a0'])
    expect(await found({ prefix: 'none' })).toEqual([])
  })

  it('gives each prefix once, also over pages', async () => {
    const { gcs } = await setUp()
    for (const name of ['a/1', 'a/2', 'b', 'c/1', 'c/2', 'd']) await gcs.put('releases', name, '')
    const seen: string[] = []
    let token = ''
    do {
      const query = `delimiter=/&maxResults=1&pageToken=${token}`
      const { json } = await call(gcs.endpoint, 'GET', `/storage/v1/b/releases/o?${query}`)
      seen.push(...(json.prefixes ?? []), ...(json.items ?? []).map(({ name }: { name: string }) => name))
      token = json.nextPageToken ?? ''
    } while (token !== '')
    expect(seen).toEqual(['a/', 'b', 'c/', 'd'])
  })
})

describe('deleting', () => {
  it('takes preconditions and finds nothing a second time', async () => {
    const { gcs, bucket } = await setUp()
    const { generation } = await gcs.put('releases', 'x', 'one')
    await expect(bucket.file('x').delete({ ifGenerationMatch: 1 })).rejects.toMatchObject({ code: 412 })
    await bucket.file('x').delete({ ifGenerationMatch: generation })
    await expect(bucket.file('x').delete()).rejects.toMatchObject({ code: 404 })
  })
})

describe('buckets', () => {
  it('are made, found, listed and, when they are empty, deleted', async () => {
    const { gcs, storage } = await setUp()
    await storage.createBucket('new-one')
    await expect(storage.createBucket('new-one')).rejects.toMatchObject({ code: 409 })
    expect((await storage.getBuckets())[0].map(({ name }) => name)).toEqual(['new-one', 'other', 'releases'])
    expect(await storage.bucket('new-one').exists()).toEqual([true])
    await gcs.put('new-one', 'x', '')
    await expect(storage.bucket('new-one').delete()).rejects.toMatchObject({ code: 409 })
    await storage.bucket('new-one').file('x').delete()
    await storage.bucket('new-one').delete()
    expect(await storage.bucket('new-one').exists()).toEqual([false])
  })

  it('that are missing are said to be missing', async () => {
    const { storage } = await setUp()
    await expect(storage.bucket('nowhere').file('x').getMetadata()).rejects.toMatchObject({
      code: 404,
      message: expect.stringContaining('bucket does not exist'),
    })
    await expect(storage.bucket('nowhere').file('x').save('', { resumable: false })).rejects.toMatchObject({
      code: 404,
    })
  })
})

describe('a malformed request', () => {
  const multipart = (body: string) => [body, { 'content-type': 'multipart/related; boundary=b' }] as const
  it.each<[string, string, string, string?, Record<string, string>?]>([
    ['an unknown upload type', 'POST', '/upload/storage/v1/b/releases/o?uploadType=magic&name=x', ''],
    ['no name', 'POST', '/upload/storage/v1/b/releases/o?uploadType=media', 'x'],
    ['a name with a line break', 'POST', '/upload/storage/v1/b/releases/o?uploadType=media&name=a%0Ab', 'x'],
    [
      'a name that is too long',
      'POST',
      `/upload/storage/v1/b/releases/o?uploadType=media&name=${'x'.repeat(1025)}`,
      'x',
    ],
    ['a body that is not multipart', 'POST', '/upload/storage/v1/b/releases/o?uploadType=multipart&name=x', 'x'],
    [
      'an unclosed multipart',
      'POST',
      '/upload/storage/v1/b/releases/o?uploadType=multipart&name=x',
      ...multipart('--b\r\n\r\n{}\r\n--b\r\n\r\ndata'),
    ],
    [
      'a single part',
      'POST',
      '/upload/storage/v1/b/releases/o?uploadType=multipart&name=x',
      ...multipart('--b\r\n\r\n{}\r\n--b--'),
    ],
    ['broken JSON', 'POST', '/storage/v1/b', '{'],
    ['a JSON list', 'POST', '/storage/v1/b', '[]'],
    ['an illegal bucket name', 'POST', '/storage/v1/b', '{"name":"../x"}'],
    ['a precondition that is no number', 'GET', '/storage/v1/b/releases/o/x?ifGenerationMatch=abc'],
    ['a generation that is no number', 'GET', '/storage/v1/b/releases/o/x?generation=abc'],
    ['a page size of nought', 'GET', '/storage/v1/b/releases/o?maxResults=0'],
    ['metadata that is not text', 'PATCH', '/storage/v1/b/releases/o/x', '{"metadata":{"a":1}}'],
    ['broken percent-encoding', 'GET', '/storage/v1/b/releases/o/%ff'],
  ])('is answered 400: %s', async (_what, method, path, body, headers) => {
    const { gcs } = await setUp()
    await gcs.put('releases', 'x', 'content')
    const { status, json } = await call(gcs.endpoint, method, path, body, headers)
    expect(status).toBe(400)
    expect(json.error).toMatchObject({ code: 400, errors: [{ domain: 'global' }] })
    expect(json.error.message).toBe(json.error.errors[0].message)
    expect(gcs.store.objects('releases')).toHaveLength(1)
  })

  it('is answered 404 where there is nothing of the kind', async () => {
    const { gcs } = await setUp()
    for (const path of ['/', '/nonsense', '/storage/v1/b/releases/acl', '/storage/v1/b/releases/o/x/y']) {
      expect((await call(gcs.endpoint, 'GET', path)).status).toBe(404)
    }
    const upload = '/upload/storage/v1/b/releases/o?uploadType=resumable&upload_id=unknown'
    expect((await call(gcs.endpoint, 'PUT', upload, 'x')).status).toBe(404)
  })
})

describe('a resumable upload', () => {
  async function begin(endpoint: string) {
    const path = '/upload/storage/v1/b/releases/o?uploadType=resumable&name=x'
    const { headers } = await call(endpoint, 'POST', path, '{}', { 'x-upload-content-type': 'x/y' })
    const location = headers.get('location')
    return (body: string, range?: string) =>
      call('', 'PUT', String(location), body, range === undefined ? {} : { 'content-range': range })
  }

  it('says how far it got, ignores what it has already, and answers again when it is complete', async () => {
    const { gcs } = await setUp()
    const put = await begin(gcs.endpoint)
    expect((await put('', 'bytes */10')).headers.get('range')).toBeNull()
    const first = await put('0123', 'bytes 0-3/*')
    expect([first.status, first.headers.get('range')]).toEqual([308, 'bytes=0-3'])
    expect((await put('', 'bytes */*')).headers.get('range')).toBe('bytes=0-3')
    expect((await put('89', 'bytes 8-9/10')).status).toBe(503)
    expect((await put('23456789', 'bytes 2-9/10')).json).toMatchObject({ name: 'x', size: '10', contentType: 'x/y' })
    expect((await put('', 'bytes */10')).json).toMatchObject({ size: '10' })
    expect(String(await gcs.store.content(gcs.store.find('releases', 'x')!))).toBe('0123456789')
    expect(gcs.events).toHaveLength(1)
  })

  it('refuses more than was announced, and ranges that are none', async () => {
    const { gcs } = await setUp()
    const put = await begin(gcs.endpoint)
    expect((await put('0123', 'bytes 0-3/2')).status).toBe(400)
    expect((await put('0123', 'lines 0-3/4')).status).toBe(400)
  })
})

describe('concurrent writers', () => {
  it('with the same precondition: exactly one succeeds', async () => {
    const { gcs, storage } = await setUp()
    const write = (index: number) =>
      storage
        .bucket('releases')
        .file('x')
        .save(`${index}`, { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } })
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => write(index)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(gcs.events).toHaveLength(1)
  })
})

describe('events', () => {
  it('report uploads, overwriting, metadata and deletion', async () => {
    const { gcs, bucket } = await setUp()
    const first = await gcs.put('releases', 'x', 'one')
    const second = await gcs.put('releases', 'x', 'two')
    await bucket.file('x').setMetadata({ contentType: 'x/y' })
    await bucket.file('x').delete()
    expect(gcs.events.map(({ attributes }) => attributes)).toEqual([
      {
        notificationConfig: 'projects/_/buckets/releases/notificationConfigs/1',
        eventType: 'OBJECT_FINALIZE',
        payloadFormat: 'JSON_API_V1',
        bucketId: 'releases',
        objectId: 'x',
        objectGeneration: first.generation,
        eventTime: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      expect.objectContaining({ eventType: 'OBJECT_FINALIZE', overwroteGeneration: first.generation }),
      expect.objectContaining({
        eventType: 'OBJECT_DELETE',
        objectGeneration: first.generation,
        overwrittenByGeneration: second.generation,
      }),
      expect.objectContaining({ eventType: 'OBJECT_METADATA_UPDATE', objectGeneration: second.generation }),
      expect.objectContaining({ eventType: 'OBJECT_DELETE', objectGeneration: second.generation }),
    ])
    expect(gcs.events[0]!.resource).toEqual(first)
  })
})

describe('STORAGE_EMULATOR_HOST', () => {
  it('is served as well, although the client then leaves out a part of the path', async () => {
    const { gcs } = await setUp()
    vi.stubEnv('STORAGE_EMULATOR_HOST', gcs.endpoint)
    const file = new Storage().bucket('releases').file('x')
    vi.unstubAllEnvs()
    await file.save('content', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } })
    expect(String((await file.download())[0])).toBe('content')
  })
})
