import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** Serves one request in a process of its own, as deployed; gives the answer, and which packages were loaded for it. */
async function serveOnce(
  environment: string,
  path: string,
): Promise<{ status: number; text: string; loaded: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'environment.yaml')
  await writeFile(file, environment)
  const script = `
    const { once } = await import('node:events')
    const { createServer } = await import('node:http')
    const { createDiscovery } = await import('./functions/discovery/discovery.ts')
    const { openDeployment } = await import('./functions/discovery/deployment.ts')
    const logger = { debug() {}, info() {}, warning() {}, error() {} }
    const server = createServer(createDiscovery(await openDeployment(logger), { logger }))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const answer = await fetch('http://127.0.0.1:' + server.address().port + ${JSON.stringify(path)})
    const text = await answer.text()
    const { default: { _cache } } = await import('node:module')
    const packages = Object.keys(_cache).map((name) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(name)?.[1] ?? '')
    console.log(JSON.stringify({ status: answer.status, text, loaded: [...new Set(packages)] }))
    process.exit(0)`
  const flags = ['--input-type=module', '--eval', script]
  const env = { ...process.env, ALMAGEST_ENVIRONMENT: file }
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: root, env })
  return JSON.parse(stdout)
}

const HOST = 'baseHostname: data.example.com\n'
const CLIENTS = ['pg', 'teeny-request', '@grpc/grpc-js', 'google-auth-library', '@google-cloud/storage']

describe('what a request loads', () => {
  test('the document of an environment without TAP servers needs no client of anything', async () => {
    const { status, text, loaded } = await serveOnce(HOST, '/repertoire/discovery')
    expect([status, text]).toEqual([200, '{}'])
    expect(loaded.filter((name) => CLIENTS.includes(name))).toEqual([])
  })

  test('a TAP server needs the database client, and nothing of the cloud', async () => {
    const servers = 'tap: {servers: {tap: {databaseUrl: "postgresql://u@127.0.0.1:1/d", schemas: [s]}}}\n'
    const { status, loaded } = await serveOnce(
      `${HOST}releases: {bucket: releases}\n${servers}`,
      '/repertoire/discovery',
    )
    expect(status).toBe(200)
    expect(loaded.filter((name) => CLIENTS.includes(name))).toEqual(['pg'])
  })
})
