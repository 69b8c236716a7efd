import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import { readArchive } from '../../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { readZip } from '../../shared/releases/publish/read-zip.ts'
import { uploadRelease } from '../../shared/releases/publish/upload-release.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'
import { buildSample } from './build-sample.ts'

const RELEASES = join(import.meta.dirname, '../../../shared/data/releases')

/** What the archives hold in common, and what each adds: names as `tar t` lists them. */
const COMMON = [
  'apdb cdb_latiss cdb_lsstcam cdb_lsstcomcam cdb_lsstcomcamsim cdb_startrackerfast cdb_startrackernarrow',
  'cdb_startrackerwide dp02_dc2 dp02_obscore dp03_10yr dp03_1yr dp1 drp_base efd_latiss efd_lsstcam efd_lsstcomcam',
  'hsc imsim ivoa_obscore lsstcam obsloctap oga_live_obscore ppdb',
].flatMap((line) => line.split(' '))

const ADDED: Readonly<Record<string, readonly string[]>> = {
  'EDP2-deploy-v3b': ['dp2'],
  'w.2026.24': [],
  'w.2026.34': ['ap_extra', 'dp2'],
}

describe.skipIf(!existsSync(RELEASES))('the releases of the Rubin schemas (skipped without ../shared/data)', () => {
  it.each(Object.entries(ADDED))('%s holds its schemas, in the order of the archive', async (version, added) => {
    const files = await readArchive(readFileSync(join(RELEASES, version, 'schemas.tar.gz')), DEFAULT_LIMITS)
    expect([...files.keys()]).toEqual([...COMMON, ...added].sort().map((stem) => `${stem}.yaml`))
    for (const [name, text] of files) {
      expect(text, name).toMatch(/^("?name"?): /m)
    }
  })

  it('w.2026.34 holds every byte of its files', async () => {
    const files = await readArchive(readFileSync(join(RELEASES, 'w.2026.34', 'schemas.tar.gz')), DEFAULT_LIMITS)
    const sizes = ['ap_extra.yaml', 'dp02_dc2.yaml', 'cdb_lsstcam.yaml'].map((name) =>
      Buffer.byteLength(files.get(name) ?? ''),
    )
    expect(sizes).toEqual([4248, 300104, 95232])
  })

  it('w.2026.34, published again from its own files, is left as it was', async () => {
    const read = (name: string) => readFileSync(join(RELEASES, 'w.2026.34', name))
    const names = ['datalink-columns.zip', 'datalink-snippets.zip', 'schemas.tar.gz']
    const gcs = await startFakeGcs()
    for (const name of names) await gcs.put('releases', `releases/w.2026.34/${name}`, read(name))
    const datalink = new Map(names.slice(0, 2).flatMap((name) => [...readZip(read(name))!]))
    const files = await readArchive(read('schemas.tar.gz'), DEFAULT_LIMITS)
    const release = await buildSample({ files, datalink })
    const target = openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint })
    const { outcome, parts } = await uploadRelease(release, {
      target,
      prefix: 'releases/w.2026.34/',
      where: 'gs://releases/releases/w.2026.34',
      replace: false,
    })
    expect(outcome).toBe('completed')
    expect(parts.filter(({ uploaded }) => uploaded).map(({ name }) => name)).toEqual(['release.json'])
  })

  it.each(['datalink-columns.zip', 'datalink-snippets.zip'])(
    '%s, taken for the archive, is called a zip',
    async (zip) => {
      const content = readFileSync(join(RELEASES, 'w.2026.34', zip))
      await expect(readArchive(content, DEFAULT_LIMITS, zip)).rejects.toMatchObject({
        code: 'not_gzip',
        message: expect.stringContaining('a zip file'),
      })
    },
  )
})
