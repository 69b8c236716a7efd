import { describe, expect, it } from 'vitest'
import { compareCodePoints } from '../../shared/code-points.ts'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'

/** The stand-in seen through the real client, as a sweep uses it. */
async function start() {
  const gcs = await startFakeGcs({ buckets: ['results'] })
  const retry = { attempts: 2, baseDelayMs: 1, maxDelayMs: 1 }
  return { gcs, bucket: openBucket({ bucket: 'results', apiEndpoint: gcs.endpoint }, { retry }) }
}

describe('the stand-in for Cloud Storage, under a sweep', () => {
  it('lists a range of names, with the fields that were asked for and no others', async () => {
    const { gcs, bucket } = await start()
    const customTime = '2030-01-01T00:00:00.000Z'
    for (const name of ['a', 'b', 'c', 'd'])
      await gcs.put('results', name, 'xy', { customTime, metadata: { jobid: 'j' } })
    const page = await bucket.page({ startOffset: 'b', endOffset: 'd' })
    expect(page.objects.map(({ name }) => name)).toEqual(['b', 'c'])
    const { generation, timeCreated } = gcs.store.find('results', 'b')!
    const known = { name: 'b', generation, metageneration: '1', size: 2, timeCreated, customTime }
    expect(page.objects[0]).toEqual({ ...known, held: false, retainedUntil: null, metadata: { jobid: 'j' } })
    const request = gcs.requests.find((line) => line.includes('fields='))
    const answer = (await (await fetch(`${gcs.endpoint}/storage/v1${request?.slice('GET '.length)}`)).json()) as {
      items: object[]
    }
    expect(Object.keys(answer.items[0] ?? {}).sort()).toEqual([
      'customTime',
      'generation',
      'metadata',
      'metageneration',
      'name',
      'size',
      'timeCreated',
    ])
  })

  it('gives pages of a thousand, of which each begins where a name says', async () => {
    const { gcs, bucket } = await start()
    const names = Array.from({ length: 1500 }, (_, index) => `o${String(index).padStart(5, '0')}`)
    await gcs.fill('results', names)
    const first = await bucket.page({})
    expect([first.objects.length, typeof first.nextPageToken]).toEqual([1000, 'string'])
    expect((await bucket.page({}, first.nextPageToken)).objects).toHaveLength(500)
    const second = await bucket.page({ startOffset: 'o00999' })
    expect([second.objects.length, second.nextPageToken]).toEqual([501, null])
  })

  it('sorts names by their bytes, also where the client would not', () => {
    const names = ['z', '\uffee', '\u{1f30d}', 'é', 'a', '\ud7ff', 'ab']
    const byBytes = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect([...names].sort(compareCodePoints)).toEqual(byBytes)
  })

  it.each(['temporaryHold', 'eventBasedHold'])('deletes and overwrites nothing under a %s', async (hold) => {
    const { gcs, bucket } = await start()
    const resource = await gcs.put('results', 'a', 'x', { [hold]: true })
    expect((await bucket.page({})).objects[0]).toMatchObject({ held: true })
    expect(await bucket.removeListed(resource)).toBe('protected')
    await expect(gcs.put('results', 'a', 'y')).rejects.toThrow('hold')
    await fetch(`${gcs.endpoint}/storage/v1/b/results/o/a`, {
      method: 'PATCH',
      body: JSON.stringify({ [hold]: false }),
    })
    expect(await bucket.removeListed(resource)).toBe('replaced')
    expect(await bucket.removeListed({ ...resource, metageneration: '2' })).toBe('removed')
    expect(await bucket.removeListed({ ...resource, metageneration: '2' })).toBe('absent')
  })

  it("keeps what the bucket's retention policy keeps, and shows until when", async () => {
    const { gcs, bucket } = await start()
    const settings = { retentionPolicy: { retentionPeriod: '3600' } }
    await fetch(`${gcs.endpoint}/storage/v1/b/results`, { method: 'PATCH', body: JSON.stringify(settings) })
    const resource = await gcs.put('results', 'a', 'x')
    const [listed] = (await bucket.page({})).objects
    expect(Date.parse(listed?.retainedUntil ?? '')).toBe(Date.parse(resource.timeCreated) + 3_600_000)
    expect(await bucket.removeListed(resource)).toBe('protected')
    await fetch(`${gcs.endpoint}/storage/v1/b/results`, { method: 'PATCH', body: '{"retentionPolicy":null}' })
    expect(await bucket.removeListed(resource)).toBe('removed')
  })

  it('answers with the settings of a bucket, and the time', async () => {
    const { gcs, bucket } = await start()
    gcs.store.configure('results', {
      versioning: { enabled: true },
      storageClass: 'NEARLINE',
      softDeletePolicy: { retentionDurationSeconds: '604800' },
      retentionPolicy: { retentionPeriod: '60' },
    })
    const { settings, serverTime } = await bucket.describe()
    expect(settings).toEqual({ versioning: true, softDeleteMs: 604_800_000, retentionMs: 60_000, billedDays: 30 })
    expect(Math.abs(serverTime.getTime() - Date.now())).toBeLessThan(60_000)
  })

  it('a refusal for want of a permission is none by a hold', async () => {
    const { gcs, bucket } = await start()
    const resource = await gcs.put('results', 'a', 'x')
    gcs.inject({ kind: 'status', status: 403, match: /^DELETE/ })
    await expect(bucket.removeListed(resource)).rejects.toMatchObject({ code: 'storage', status: 403 })
  })
})
