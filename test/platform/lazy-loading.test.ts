import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Runs a script in a process of its own and says which files of a package it loaded. */
async function loadedBy(script: string, marker: string): Promise<boolean> {
  const report = `
    const { default: { _cache } } = await import('node:module')
    console.log(Object.keys(_cache).some((file) => file.includes(${JSON.stringify(marker)})))`
  const flags = ['--input-type=module', '--eval', `${script}\n${report}`]
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: root })
  return stdout.trim() === 'true'
}

const logger = `{ debug() {}, info() {}, warning() {}, error() {} }`

describe('a cold start does not wait for clients that it may not need', () => {
  it.each([
    [
      'the storage client',
      'teeny-request',
      `const { openBucket } = await import('./shared/platform/storage/objects.ts')
       const bucket = openBucket({ bucket: 'releases', apiEndpoint: 'http://127.0.0.1:1' }, { retry: { attempts: 1 } })`,
      `await bucket.stat('x').catch(() => {})`,
    ],
    [
      'the Cloud SQL connector',
      'grpc-js',
      `const { connect } = await import('./shared/platform/postgres/database.ts')
       const url = { kind: 'url', url: 'postgresql://u@127.0.0.1:1/d', passwordKey: null, poolMax: 1 }
       await connect(url, { applicationName: 'test', logger: ${logger} })`,
      `const cloud = { kind: 'cloudsql', instance: 'p:r:i', ipType: 'PUBLIC', user: 'u', database: 'd', poolMax: 1 }
       const address = { ...cloud, adminApiEndpoint: 'http://127.0.0.1:1/' }
       process.env.METADATA_SERVER_DETECTION = 'none'
       await connect(address, { applicationName: 'test', logger: ${logger}, retry: { attempts: 1 } }).catch(() => {})`,
    ],
  ])('%s', async (_what, marker, start, use) => {
    expect(await loadedBy(start, marker)).toBe(false)
    expect(await loadedBy(`${start}\n${use}`, marker)).toBe(true)
  })
})
