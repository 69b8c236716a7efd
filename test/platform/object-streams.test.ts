import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'

const NEW = { ifGenerationMatch: '0', contentType: 'text/csv', metadata: { job: 'j1' } }

async function open(timeoutMs = 30_000) {
  const gcs = await startFakeGcs({ buckets: ['releases'] })
  const bucket = openBucket(
    { bucket: 'releases', apiEndpoint: gcs.endpoint },
    { timeoutMs, retry: { attempts: 2, baseDelayMs: 1 } },
  )
  return { gcs, bucket }
}

async function* chunksOf(content: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

async function collect(chunks: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks ?? []) parts.push(chunk)
  return Buffer.concat(parts)
}

test.each([
  ['of nothing', 0],
  ['smaller than a chunk of the upload', 100_000],
  ['of several chunks', 20 * 1024 * 1024 + 1],
])('an object %s is written as it comes, and read back', async (_, size) => {
  const { bucket } = await open()
  const content = randomBytes(size)
  const written = await bucket.write('r/1', chunksOf(content, 70_001), NEW)
  expect(written).toMatchObject({ name: 'r/1', size, contentType: 'text/csv', metadata: { job: 'j1' } })
  expect((await collect(await bucket.stream('r/1', written.generation))).equals(content)).toBe(true)
})

test('an object that is there already is kept', async () => {
  const { bucket, gcs } = await open()
  await gcs.put('releases', 'r/1', 'former')
  await expect(bucket.write('r/1', chunksOf(Buffer.from('new'), 9), NEW)).rejects.toMatchObject({
    code: 'precondition_failed',
  })
  expect((await bucket.read('r/1', { maxBytes: 100 }))?.content.toString()).toBe('former')
})

test('bytes that end with an error leave no object, and the error is what was thrown', async () => {
  const { bucket } = await open()
  async function* failing() {
    yield randomBytes(9 * 1024 * 1024)
    throw new Error('the query failed')
  }
  await expect(bucket.write('r/1', failing(), NEW)).rejects.toThrow('the query failed')
  expect(await bucket.stat('r/1')).toBeUndefined()
})

test('a writer that is stopped leaves no object', async () => {
  const { bucket } = await open()
  const stop = new AbortController()
  async function* endless() {
    for (let count = 0; ; count++) {
      if (count === 20) stop.abort(new Error('aborted'))
      yield randomBytes(1024 * 1024)
    }
  }
  await expect(bucket.write('r/1', endless(), { ...NEW, signal: stop.signal })).rejects.toThrow()
  expect(await bucket.stat('r/1')).toBeUndefined()
})

test('a store that fails or stays silent is an error, and leaves no object', async () => {
  const { bucket, gcs } = await open()
  gcs.inject({ kind: 'status', status: 503, match: /uploadType=resumable/, times: 10 })
  await expect(bucket.write('r/1', chunksOf(randomBytes(10), 10), NEW)).rejects.toMatchObject({ code: 'storage' })
  const silent = await open(1_000)
  silent.gcs.inject({ kind: 'stall', bytes: null, match: /upload_id=/, times: 10 })
  await expect(silent.bucket.write('r/1', chunksOf(randomBytes(10), 10), NEW)).rejects.toThrow('no answer came')
  expect(await silent.bucket.stat('r/1')).toBeUndefined()
})

test('an object that is gone is undefined, and one that is damaged on its way is an error at its end', async () => {
  const { bucket, gcs } = await open()
  expect(await bucket.stream('r/1', '1')).toBeUndefined()
  const { generation } = await bucket.write('r/1', chunksOf(randomBytes(100_000), 1_000), NEW)
  expect(await bucket.stream('r/1', String(BigInt(generation) + 1n))).toBeUndefined()
  gcs.inject({ kind: 'corrupt', match: /alt=media/ })
  await expect(collect(await bucket.stream('r/1', generation))).rejects.toThrow('crc32c')
})
