import { execFile, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../support/function-process.ts'
import { sampleSchema } from '../../support/sample-release.ts'

const run = promisify(execFile)

/** An empty folder in which nothing but the package is installed, as `npm pack` makes it. */
let folder: string
let packed: { readonly filename: string; readonly size: number; readonly files: readonly { readonly path: string }[] }
let name: string
let version: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almagest-test-'))
  ;({ name, version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT, env: plain() })
  ;[packed] = JSON.parse(stdout)
  await writeFile(join(folder, 'package.json'), '{"type": "module", "private": true}')
  // Nothing to fetch: the package needs no other one.
  const flags = ['install', '--offline', '--no-audit', '--no-fund', '--prefix', folder]
  await run('npm', [...flags, join(folder, packed.filename)], { cwd: folder, env: plain() })
  await writeFile(join(folder, 'survey.yaml'), sampleSchema('survey'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Without what the npm that runs the tests has put there. */
function plain(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(npm_|INIT_CWD$|NODE_|ALMAGEST_)/.test(key)),
  )
}

interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function almagest(...args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(join(folder, 'node_modules', '.bin', 'almagest'), args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...plain(), PATH: `${join(process.execPath, '..')}:${process.env.PATH}` },
  })
  return { status, stdout, stderr }
}

test('the package is small, and holds the command, the client and what a user reads', async () => {
  expect(packed.size).toBeLessThan(5_000_000)
  const paths = packed.files.map(({ path }) => path)
  expect(paths).toEqual(
    expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'cli/almagest.js']),
  )
  const known =
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|cli\/almagest\.js|dist\/(client|command)\/.+)$/
  expect(paths.filter((path) => !known.test(path))).toEqual([])
})

test('it brings no packages, and its name is a scoped one', async () => {
  expect(name).toMatch(/^@[\w-]+\/[\w-]+$/)
  const { dependencies } = JSON.parse(await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8'))
  expect(dependencies).toBeUndefined()
  const modules = await readdir(join(folder, 'node_modules'))
  expect(modules.filter((entry) => !entry.startsWith('.'))).toEqual([name.split('/')[0]])
})

test('--version says the version of package.json, and help names every command', () => {
  expect(almagest('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  const { stdout } = almagest('--help')
  for (const command of ['validate', 'rows', 'publish', 'swap', 'completion']) expect(stdout).toMatch(`\n  ${command} `)
})

test('validate, rows and diff-schemas work on files', () => {
  expect(almagest('validate', 'survey.yaml')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('1 file: ok'),
  })
  const rows = almagest('rows', '--json', 'survey.yaml')
  expect([rows.status, rows.stderr]).toEqual([0, ''])
  expect(JSON.parse(rows.stdout).tables.rows.length).toBeGreaterThan(0)
  const diff = almagest('diff-schemas', '--json', 'survey.yaml', 'survey.yaml')
  expect([diff.status, JSON.parse(diff.stdout).changes]).toEqual([0, []])
})

test('commands that reach a database or Google Cloud load what they need', () => {
  const status = almagest('status', '--database', 'postgresql://nobody@127.0.0.1:1/tap')
  expect(status).toMatchObject({ status: 1, stderr: expect.stringContaining('127.0.0.1:1') })
  const releases = almagest('releases', '--from', 'gs://example-bucket', '--api-endpoint', 'http://127.0.0.1:1')
  expect(releases).toMatchObject({ status: 1, stderr: expect.stringContaining('example-bucket') })
  for (const { stderr } of [status, releases]) expect(stderr).not.toMatch(/unexpected|Cannot find|is not part of/)
})

test('start says that it needs a clone', () => {
  const started = almagest('start', '--once')
  expect(started).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/clone.*npm start/) })
})

const SCRIPT = (entry: string) => `
import { DiscoveryClient, DiscoveryError } from '${entry}'
const fetch = async () => new Response('{"tap_schemas": {"tap": {"version": "w.1"}}}')
const client = new DiscoveryClient({ baseUrl: 'https://data.example.org/repertoire', fetch })
console.log((await client.tapSchema('tap')).version)
await client.tapSchema('tab').catch((error) => console.log(error instanceof DiscoveryError, error.code))
`

/** The name of a member is a text, and taking it for a number is an error that the compiler must find. */
const TYPED = (entry: string) => `
import { DiscoveryClient } from '${entry}'
const client: DiscoveryClient = new DiscoveryClient({ baseUrl: 'https://data.example.org' })
export const url: Promise<string> = client.serviceUrl('sia', 'dp1')
// @ts-expect-error
export const wrong: Promise<number> = client.serviceUrl('sia', 'dp1')
`

test('the client runs and is typed', async () => {
  const entry = `${name}/client`
  const user = join(folder, 'user')
  await mkdir(user)
  await writeFile(join(user, 'use.js'), SCRIPT(entry))
  await writeFile(join(user, 'typed.ts'), TYPED(entry))
  const { stdout } = await run(process.execPath, ['use.js'], { cwd: user })
  expect(stdout).toBe('w.1\ntrue not_in_discovery\n')
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--lib', 'esnext,dom']
  await expect(run(process.execPath, [compiler, ...flags, 'typed.ts'], { cwd: user })).resolves.toMatchObject({
    stdout: '',
  })
})
