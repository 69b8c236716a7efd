import { execFileSync, spawnSync } from 'node:child_process'
import { cp, lstat, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleFunctions } from '../../support/bundles.ts'
import { ROOT, temporaryFolder } from '../../support/function-process.ts'

const INHERITED = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: process.env.HOME }

let target: string
let folder: string
/** Named by version and architecture of Node.js, features of the processor, user. */
let filled: string
/** The files in it. */
let cached: readonly string[]
/** What it is deployed with; it need not be there while the cache is filled. */
let environment: string

beforeAll(async () => {
  target = await mkdtemp(join(tmpdir(), 'almagest-test-'))
  await symlink(join(ROOT, 'node_modules'), join(target, 'node_modules'))
  folder = join(target, 'discovery')
  await cp(join(await bundleFunctions(), 'discovery'), folder, { recursive: true })
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  execFileSync('sh', ['-c', scripts['gcp-build']], { cwd: folder, env: INHERITED })
  environment = join(folder, 'environment.yaml')
  await writeFile(environment, '{}')
  filled = (await readdir(join(folder, '.compile-cache')))[0]!
  // Each start of a test adds its own script, readable for its user only.
  cached = await readdir(join(folder, '.compile-cache', filled))
})

afterAll(() => rm(target, { recursive: true, force: true }))

/** What the framework does before it listens: the function, and its server. */
const LOAD = "await import('./start.mjs'); await import('@google-cloud/functions-framework/testing')"

/** Loads the function, and says of which files the compiled code was taken, and of which it was not there. */
function load(cache: string) {
  const env = {
    ...INHERITED,
    ALMAGEST_ENVIRONMENT: environment,
    NODE_COMPILE_CACHE: cache,
    NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
  }
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', LOAD], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  const files = (said: string) =>
    run.stderr.split('\n').flatMap((line) => (line.includes(said) ? (/for \w+ (\S+) was/.exec(line)?.[1] ?? []) : []))
  const missing = files('was not initialized, initializing').filter((file) => !file.includes('[eval'))
  return { status: run.status, taken: files('was accepted'), missing, refused: files('was rejected') }
}

/** The cache as it was filled, under another name. */
async function copyCache(name: string): Promise<string> {
  const cache = join(await temporaryFolder(), 'cache')
  await cp(join(folder, '.compile-cache'), cache, { recursive: true })
  await rename(join(cache, filled), join(cache, name))
  return cache
}

const INDEX = expect.stringMatching(/discovery\/index\.js$/)

test('all that a start loads, function and framework, is in the compile cache that the build step filled', () => {
  const { status, taken, missing, refused } = load(join(folder, '.compile-cache'))
  expect({ status, missing, refused }).toEqual({ status: 0, missing: [], refused: [] })
  for (const file of ['/discovery/index.js', '/functions-framework/build/src/server.js', '/express/lib/express.js'])
    expect(taken.filter((name) => name.endsWith(file))).not.toEqual([])
})

test('what is loaded when it is first needed is in it too, and the user that runs the function may read it', async () => {
  const code = (await readdir(folder)).filter((file) => file.endsWith('.js'))
  expect(cached.length).toBeGreaterThan(code.length)
  for (const file of cached) expect((await stat(join(folder, '.compile-cache', filled, file))).mode & 0o777).toBe(0o644)
})

test('a cache that was filled on another model of processor by another user is taken all the same', async () => {
  const cache = await copyCache(filled.replace(/-[^-]+-\d+$/, '-0badcafe-4711'))
  const { status, taken, refused } = load(cache)
  expect({ status, refused }).toEqual({ status: 0, refused: [] })
  expect(taken).toContainEqual(INDEX)
  expect((await lstat(join(cache, filled))).isSymbolicLink()).toBe(true)
  // The next start finds it as if it had been filled here.
  expect(load(cache)).toMatchObject({ status: 0, missing: [], refused: [] })
})

test('a cache of another version of Node.js is left alone', async () => {
  const cache = await copyCache(filled.replace(/^v[\d.]+/, 'v24.0.1'))
  const { status, missing } = load(cache)
  expect(status).toBe(0)
  expect(missing).toContainEqual(INDEX)
  expect((await lstat(join(cache, filled))).isSymbolicLink()).toBe(false)
})

test('a function starts where there is no cache, and where none can be', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  expect(load(join(file, 'cache'))).toEqual({ status: 0, taken: [], missing: [], refused: [] })
  expect(load('')).toEqual({ status: 0, taken: [], missing: [], refused: [] })
})
