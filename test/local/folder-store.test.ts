import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openFolderStore } from '../../local/gcs/folder-store.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-gcs-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function start(folder: string) {
  return startFakeGcs({ store: await openFolderStore(join(folder, 'buckets')) })
}

describe('a store in a folder', () => {
  it('keeps buckets, contents and metadata over a restart', async () => {
    const folder = await temporaryFolder()
    const first = await start(folder)
    const names = ['main/schemas.tar.gz', 'main', 'x'.repeat(1024), 'día/😀', '../../escape', 'a\\b:c*?']
    for (const name of names) await first.put('releases', name, `content of ${name}`, { metadata: { name } })
    const before = first.store.objects('releases')
    await first.stop()
    const second = await start(folder)
    expect(second.store.objects('releases')).toEqual(before)
    expect(second.store.bucketNames()).toEqual(['releases'])
    for (const name of names) {
      const resource = second.store.find('releases', name)!
      expect(String(await second.store.content(resource))).toBe(`content of ${name}`)
      expect(resource.metadata).toEqual({ name })
    }
    expect(await readdir(folder)).toEqual(['buckets'])
  })

  it('never gives a generation twice, also when the newest object was deleted and the clock went back', async () => {
    const folder = await temporaryFolder()
    const first = await start(folder)
    const { generation } = await first.put('releases', 'x', 'one')
    await first.store.remove(first.store.find('releases', 'x')!)
    await first.stop()
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2020-01-01') })
    onTestFinished(() => void vi.useRealTimers())
    const second = await start(folder)
    const next = await second.put('releases', 'x', 'two')
    expect(BigInt(next.generation)).toBeGreaterThan(BigInt(generation))
  })

  it('holds one content an object, however often it is overwritten, and none after its deletion', async () => {
    const folder = await temporaryFolder()
    const gcs = await start(folder)
    for (const content of ['one', 'two', 'three']) await gcs.put('releases', 'x', content)
    const path = join(folder, 'buckets', 'releases')
    expect(await readdir(path)).toHaveLength(2)
    await gcs.store.remove(gcs.store.find('releases', 'x')!)
    expect(await readdir(path)).toEqual([])
  })

  it('comes back to the last whole write after a crash within one, and clears the rest away', async () => {
    const folder = await temporaryFolder()
    const first = await start(folder)
    await first.put('releases', 'x', 'one')
    const path = join(folder, 'buckets', 'releases')
    const description = (await readdir(path)).find((file) => file.endsWith('.json'))!
    const digest = description.replace('.json', '')
    // The content of the next generation is there, its description half written.
    await writeFile(join(path, `${digest}.99999999999999999`), 'two')
    await writeFile(join(path, `${description}.unfinished`), '{"kind":')
    await first.stop()
    const second = await start(folder)
    expect(String(await second.store.content(second.store.find('releases', 'x')!))).toBe('one')
    expect(await readdir(path)).toHaveLength(2)
  })

  it('says which object lost its content', async () => {
    const folder = await temporaryFolder()
    const first = await start(folder)
    await first.put('releases', 'main/schemas.tar.gz', 'one')
    await first.stop()
    const path = join(folder, 'buckets', 'releases')
    for (const file of await readdir(path)) if (!file.endsWith('.json')) await rm(join(path, file))
    await expect(start(folder)).rejects.toThrow(/content of main\/schemas\.tar\.gz is missing/)
  })

  it('leaves files alone that are not its own', async () => {
    const folder = await temporaryFolder()
    const first = await start(folder)
    await first.stop()
    const note = join(folder, 'buckets', 'releases', 'note.json')
    await writeFile(note, 'not JSON')
    const second = await start(folder)
    expect(second.store.objects('releases')).toEqual([])
    expect(await readFile(note, 'utf8')).toBe('not JSON')
  })
})
