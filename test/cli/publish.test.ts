import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { asFiles, DATALINK } from '../releases/build-sample.ts'
import { readZip } from '../releases/read-zip.ts'
import { callAlmagest } from '../support/call-command.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'
import { startAlmagest } from '../support/run-command.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

const NAMES = ['datalink-columns.zip', 'datalink-snippets.zip', 'release.json', 'schemas.tar.gz']

interface Result {
  readonly outcome: string
  readonly location: string
  readonly commit: string | null
  readonly files: readonly { readonly name: string; readonly uploaded: boolean; readonly sha256: string }[]
  readonly schemas: readonly unknown[]
  readonly warnings: readonly { readonly code: string }[]
}

interface Refusal {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly problems: readonly { readonly code: string }[]
  }
}

const schemas = (extra: Readonly<Record<string, string>> = {}) =>
  writeFolder({ 'survey.yaml': sampleSchema('survey'), ...extra })
const datalink = () => writeFolder(Object.fromEntries(asFiles(DATALINK)))

describe('to a folder', () => {
  it('publishes a release, does nothing the second time, and refuses another one', async () => {
    const [yaml, snippets, out] = await Promise.all([schemas(), datalink(), writeFolder({})])
    const args = [
      'publish',
      '--version',
      'releases/v1',
      '--to',
      out,
      '--datalink',
      snippets,
      '--commit',
      'ABCDEF1',
      yaml,
    ]
    const first = await callAlmagest([...args, '--json'])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.json<Result>()).toMatchObject({
      outcome: 'published',
      location: `${out}/releases/v1`,
      commit: 'abcdef1',
      files: NAMES.map((name) => ({ name, uploaded: true })),
      schemas: [{ file: 'survey.yaml', tables: 1, columns: 3 }],
    })
    expect((await readdir(join(out, 'releases/v1'))).sort()).toEqual(NAMES)
    const zip = readZip(await readFile(join(out, 'releases/v1/datalink-snippets.zip')))
    expect(zip.map(({ name }) => name)).toEqual(['datalink-manifest.json', 'links.xml'])

    const again = await callAlmagest(args)
    expect(again.code).toBe(0)
    expect(again.stdout).toContain('unchanged')
    await writeFile(join(yaml, 'survey.yaml'), sampleSchema('survey').replace('pos.eq.ra', 'pos.eq.ra;meta.main'))
    const refused = await callAlmagest([...args, '--json'])
    expect(refused.code).toBe(1)
    expect(refused.json<Refusal>().error).toMatchObject({ code: 'release_exists' })
    const replaced = await callAlmagest([...args, '--replace', '--json'])
    expect(replaced.json<Result>().outcome).toBe('replaced')
  })

  it('makes the same bytes from files written at another time in another folder', async () => {
    const out = await writeFolder({})
    for (const version of ['main', 'tickets/DM-1']) {
      const yaml = await schemas({ 'other.yaml': sampleSchema('other') })
      expect(await callAlmagest(['publish', '--version', version, '--to', out, yaml])).toMatchObject({ code: 0 })
    }
    for (const name of NAMES.filter((file) => file !== 'release.json')) {
      const [one, two] = await Promise.all(
        ['main', 'tickets/DM-1'].map((version) => readFile(join(out, version, name))),
      )
      expect(one!.equals(two!), name).toBe(true)
    }
  })

  it('overwrites main and tickets without being asked to', async () => {
    const out = await writeFolder({})
    const outcomes: string[] = []
    for (const extra of [{}, { 'new.yaml': sampleSchema('new') }]) {
      const result = await callAlmagest(['publish', '--version', 'main', '--to', out, '--json', await schemas(extra)])
      outcomes.push(result.json<Result>().outcome)
    }
    expect(outcomes).toEqual(['published', 'replaced'])
  })

  it('uploads nothing when anything is wrong, and names all of it', async () => {
    const out = await writeFolder({})
    const yaml = await schemas({ 'broken.yaml': 'name: [', 'typo.yaml': sampleSchema('t').replace('double', 'duoble') })
    const result = await callAlmagest(['publish', '--version', 'main', '--to', out, yaml])
    expect(result.code).toBe(1)
    expect(result.stderr).toContain('nothing was uploaded')
    expect(result.stderr).toContain('broken.yaml:')
    expect(result.stderr).toMatch(/typo\.yaml:\d+:\d+: .*double/)
    expect(await readdir(out)).toEqual([])
  })

  it.each([['--check-description'], ['--check-tap-table-indexes'], ['--check-tap-principal']])(
    'with %s checks more',
    async (flag) => {
      const out = await writeFolder({})
      const args = ['publish', '--version', 'main', '--to', out, '--json', await schemas()]
      const refused = await callAlmagest([...args, flag])
      expect(refused.code).toBe(1)
      expect(refused.json<Refusal>().error).toMatchObject({ code: 'invalid_release' })
      expect(await callAlmagest(args)).toMatchObject({ code: 0 })
    },
  )

  it('takes the schemas of a checkout, without other files and folders', async () => {
    const [out, plain] = await Promise.all([writeFolder({}), schemas()])
    for (const folder of ['python/lsst/sdm/schemas', 'yml']) {
      const files = {
        'survey.yaml': sampleSchema('survey'),
        'archive/old.yaml': 'x: [',
        'a.yml': 'y: [',
        '.b.yaml': '[',
      }
      const entries = Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text])
      const checkout = await writeFolder({ 'README.md': 'x', ...Object.fromEntries(entries) })
      const result = await callAlmagest(['publish', '--version', folder, '--to', out, checkout])
      expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('a.yml') })
    }
    await callAlmagest(['publish', '--version', 'plain', '--to', out, plain])
    const archives = ['python/lsst/sdm/schemas', 'yml', 'plain'].map((version) =>
      readFile(join(out, version, 'schemas.tar.gz')),
    )
    const [one, two, three] = await Promise.all(archives)
    expect(one!.equals(three!) && two!.equals(three!)).toBe(true)
  })

  it('follows links to files, and does not mind what is none of its business', async () => {
    const [out, yaml, elsewhere] = await Promise.all([writeFolder({}), schemas(), schemas()])
    await symlink('nowhere', join(yaml, 'notes.txt'))
    await symlink(join(elsewhere, 'survey.yaml'), join(yaml, 'linked.yaml'))
    await mkdir(join(yaml, 'old.yaml'))
    const result = await callAlmagest(['publish', '--version', 'main', '--to', out, '--json', yaml])
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('not a file: old.yaml') })
    expect(result.json<Result>().schemas).toMatchObject([{ file: 'linked.yaml' }, { file: 'survey.yaml' }])
    await symlink('nowhere', join(yaml, 'dangling.yaml'))
    const refused = await callAlmagest(['publish', '--version', 'main', '--to', out, '--json', yaml])
    expect(refused.code).toBe(2)
    expect(refused.json<Refusal>().error.message).toContain('dangling.yaml')
  })

  it('uploads nothing in a dry run', async () => {
    const out = await writeFolder({})
    const result = await callAlmagest([
      'publish',
      '--version',
      'main',
      '--to',
      out,
      '--dry-run',
      '--json',
      await schemas(),
    ])
    expect(result.json<Result>()).toMatchObject({
      outcome: 'checked',
      files: NAMES.map((name) => ({ name, uploaded: false })),
    })
    expect(await readdir(out)).toEqual([])
  })

  it.skipIf(process.getuid?.() === 0)('leaves nothing half-written where it may not write', async () => {
    const out = await writeFolder({})
    await mkdir(join(out, 'main'))
    await chmod(join(out, 'main'), 0o555)
    const result = await callAlmagest(['publish', '--version', 'main', '--to', out, await schemas()])
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('EACCES') })
  })

  it('says so when a part of the path is a file', async () => {
    const out = await writeFolder({ main: 'x' })
    const result = await callAlmagest(['publish', '--version', 'main', '--to', out, '--json', await schemas()])
    expect(result.code).toBe(1)
    expect(result.json<Refusal>().error).toMatchObject({
      code: 'folder',
      message: expect.stringContaining(join(out, 'main')),
    })
    expect((await stat(join(out, 'main'))).isFile()).toBe(true)
  })
})

describe('to a bucket', () => {
  it('uploads below its prefix, the archive last', async () => {
    const gcs = await startFakeGcs()
    const args = ['publish', '--version', 'v1', '--to', 'gs://releases/felis/', '--api-endpoint', gcs.endpoint]
    const result = await callAlmagest([...args, '--json', await schemas()])
    expect(result).toMatchObject({ code: 0 })
    expect(result.json<Result>().location).toBe('gs://releases/felis/v1')
    expect(gcs.events.map(({ resource }) => resource.name)).toEqual(NAMES.map((name) => `felis/v1/${name}`))
  })

  it('completes what was begun when it is killed and run again', async () => {
    const gcs = await startFakeGcs()
    const yaml = await schemas()
    const args = [
      'publish',
      '--version',
      'releases/v1',
      '--to',
      'gs://releases',
      '--api-endpoint',
      gcs.endpoint,
      '--json',
      yaml,
    ]
    gcs.inject({ kind: 'meanwhile', run: async () => {}, match: /^POST/, times: 2 })
    const running = startAlmagest(args)
    gcs.inject({ kind: 'meanwhile', run: async () => void running.child.kill('SIGKILL'), match: /^POST/ })
    expect((await running.result).code).toBeNull()
    expect(gcs.events.map(({ resource }) => resource.name)).not.toContain('releases/v1/schemas.tar.gz')
    const again = await callAlmagest(args)
    expect(again.json<Result>().outcome).toBe('completed')
    expect([...new Set(gcs.events.map(({ resource }) => resource.name))]).toEqual(
      NAMES.map((name) => `releases/v1/${name}`),
    )
    expect(gcs.events).toHaveLength(4)
  })

  it('says what is missing when the bucket does not exist', async () => {
    const gcs = await startFakeGcs()
    const args = ['publish', '--version', 'v1', '--to', 'gs://nowhere', '--api-endpoint', gcs.endpoint, '--json']
    const result = await callAlmagest([...args, await schemas()])
    expect(result.code).toBe(1)
    expect(result.json<Refusal>().error.code).toBe('storage')
  })

  it('checks what the TAP servers of an environment will load, by their own bucket and address', async () => {
    const gcs = await startFakeGcs()
    const server = (version: string, schema: string) =>
      `{databaseUrl: "postgresql://tap@127.0.0.1:1/${schema}", schemas: [${schema}], schemaVersion: ${version}}`
    const folder = await writeFolder({
      'environment.yaml': `
releases: {bucket: releases}
storage: {apiEndpoint: "${gcs.endpoint}"}
tap: {servers: {tap: ${server('releases/v1', 'dp2')}, ssotap: ${server('releases/v1', 'survey')}, other: ${server('releases/v9', 'gone')}}}
`,
    })
    const environment = join(folder, 'environment.yaml')
    const args = ['publish', '--to', 'gs://releases', '--environment', environment, '--json', await schemas()]
    const refused = await callAlmagest([...args, '--version', 'releases/v1'])
    expect(refused.code).toBe(1)
    expect(refused.json<Refusal>().error.problems).toMatchObject([
      { code: 'schema_missing', message: expect.stringContaining('TAP server tap)') },
    ])
    expect(gcs.events).toEqual([])
    expect(await callAlmagest([...args, '--version', 'releases/v2'])).toMatchObject({ code: 0 })
    expect(gcs.events).toHaveLength(4)
  })
})

describe('wrong usage', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['no version', ['--to', 'out'], /--version/],
    ['no destination', ['--version', 'v1'], /--to/],
    ['a version that no release can have', ['--version', 'a//b', '--to', 'out'], /empty path segment/],
    ['another kind of bucket', ['--version', 'v1', '--to', 's3://bucket'], /gs:\/\/BUCKET/],
    ['a bucket without a name', ['--version', 'v1', '--to', 'gs:///x'], /gs:\/\/BUCKET/],
    [
      'a bucket whose name is too short',
      ['--version', 'v1', '--to', 'gs://x'],
      /"x" is not a valid bucket name: 3 to 222/,
    ],
    ['a prefix that leads elsewhere', ['--version', 'v1', '--to', 'gs://bucket/a/../b'], /plain path/],
    ['no commit', ['--version', 'v1', '--to', 'out', '--commit', 'main'], /hexadecimal/],
    ['no address', ['--version', 'v1', '--to', 'out', '--api-endpoint', 'localhost:1'], /http/],
    ['no such folder of datalink metadata', ['--version', 'v1', '--to', 'out', '--datalink', 'nowhere'], /nowhere/],
  ])('%s', async (_, args, message) => {
    const result = await callAlmagest(['publish', ...args, await schemas()])
    expect(result.code).toBe(2)
    expect(result.stderr).toMatch(message)
  })

  it('no such folder, one without schemas, a file', async () => {
    const empty = await writeFolder({ 'a.txt': '' })
    for (const path of [join(empty, 'nowhere'), empty, join(empty, 'a.txt')]) {
      expect(await callAlmagest(['publish', '--version', 'v1', '--to', 'out', path])).toMatchObject({
        code: 2,
        stdout: '',
      })
    }
    await rm(empty, { recursive: true })
  })
})
