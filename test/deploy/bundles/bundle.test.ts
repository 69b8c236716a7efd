import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FRAMEWORK, START_FLAGS } from '../../../deploy/bundles/describe-package.ts'
import { bundleFunctions, readBundles } from '../../support/bundles.ts'
import { ROOT } from '../../support/function-process.ts'

const target = await bundleFunctions()
const bundles = await readBundles()

async function readJson(...path: readonly string[]) {
  return JSON.parse(await readFile(join(...path), 'utf8'))
}

/** What a start would be slower for, and most requests do not need. */
const LATER = [
  '@google-cloud/cloud-sql-connector',
  '@google-cloud/pubsub',
  '@google-cloud/sql',
  '@google-cloud/storage',
  '@googleapis/sqladmin',
  '@grpc/grpc-js',
  'gaxios',
  'google-auth-library',
  'teeny-request',
]

test('no function loads the clients of Google Cloud at its start', () => {
  expect(bundles.map(({ name }) => name).sort()).toEqual([
    'collect-results',
    'console',
    'discovery',
    'load-release',
    'registry',
    'run-query',
    'swap-schema',
    'tap',
    'watch-queries',
  ])
  for (const { name, entryPackages } of bundles)
    expect([name, entryPackages.filter((loaded) => LATER.includes(loaded))]).toEqual([name, []])
})

test('discovery loads nothing but its own code and the YAML reader at its start', () => {
  expect(bundles.find(({ name }) => name === 'discovery')?.entryPackages).toEqual(['js-yaml'])
})

test('modules of Node.js are taken as objects: an import would load what they only offer', () => {
  for (const { name, imports } of bundles)
    expect([name, imports]).toEqual([name, ['@google-cloud/functions-framework']])
})

/** Bytes, generous: what exceeds them was not meant to be there. */
const CAPS: Readonly<Record<string, number>> = {
  discovery: 300_000,
  'collect-results': 400_000,
  'load-release': 600_000,
  'swap-schema': 600_000,
  tap: 600_000,
  'run-query': 600_000,
  'watch-queries': 400_000,
  registry: 500_000,
  console: 300_000,
}

test('the bundles stay small', () => {
  for (const { name, entryBytes, laterBytes } of bundles) {
    expect(entryBytes, name).toBeGreaterThan(50_000)
    expect(entryBytes, name).toBeLessThan(CAPS[name]!)
    expect(laterBytes, name).toBeLessThan(1_500_000)
  }
})

test('gRPC is in no bundle, and where it would be needed an error says so', async () => {
  for (const { name, folder, packages } of bundles) {
    // The page asks the other functions: this one reaches for nothing.
    if (name === 'console') continue
    expect(packages).toContain('@google-cloud/cloud-sql-connector')
    expect(packages.filter((name) => /^@grpc\/|^@google-cloud\/sql$|protobuf/.test(name))).toEqual([])
    const files = (await readdir(folder)).filter((file) => file.endsWith('.js'))
    const code = (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join()
    expect(code).toContain('@grpc/grpc-js is not part of the bundle')
  }
})

test('a function is described by what starts it, and by what it needs beside its bundle in the versions of ours', async () => {
  const project = await readJson(ROOT, 'package.json')
  for (const { name, folder } of bundles) {
    const { main, type, engines, scripts, dependencies } = await readJson(folder, 'package.json')
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining([main, 'index.js', 'index.js.map', 'fill-compile-cache.mjs']),
    )
    expect({ type, engines }).toEqual({ type: 'module', engines: { node: '24.x' } })
    expect(scripts.start).toBe(`node ${START_FLAGS.join(' ')} ${FRAMEWORK} --target=${name}`)
    const publishes = !['collect-results', 'console', 'discovery', 'registry'].includes(name)
    const needed = ['@google-cloud/functions-framework', ...(publishes ? ['@google-cloud/pubsub'] : [])]
    expect(dependencies).toEqual(Object.fromEntries(needed.map((needs) => [needs, project.devDependencies[needs]])))
  }
})

test('each locked package of a function is the one that ours has', async () => {
  const ours = (await readJson(ROOT, 'package-lock.json')).packages
  for (const { folder } of bundles) {
    const { packages, name, version } = await readJson(folder, 'package-lock.json')
    const { dependencies, engines } = await readJson(folder, 'package.json')
    const { '': itself, ...locked } = packages
    expect(itself).toEqual({ name, version, dependencies, engines })
    expect(Object.keys(locked)).toContain('node_modules/express')
    for (const [place, { version, integrity }] of Object.entries<{ version: string; integrity?: string }>(locked)) {
      expect({ place, version, integrity }).toEqual({
        place,
        version: ours[place].version,
        integrity: ours[place].integrity,
      })
      expect(integrity, place).toMatch(/^sha512-/)
    }
  }
})

test('npm takes the lockfile of a function for a whole and right one', () => {
  // One that publishes, and one that does not.
  for (const folder of ['load-release', 'discovery'].map((name) => join(target, name))) {
    const args = ['ci', '--dry-run', '--offline', '--ignore-scripts', '--no-audit', '--no-fund']
    const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
  }
})
