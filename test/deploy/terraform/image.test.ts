import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..', '..')
const read = (path: string) => readFile(join(root, path), 'utf8')

/** What `COPY` takes from the repository. */
async function readCopies(): Promise<readonly string[]> {
  const lines = (await read('terraform/init/Dockerfile')).split('\n')
  return lines.flatMap((line) => (line.startsWith('COPY ') ? line.split(/\s+/).slice(1, -1) : []))
}

/** Files of ours and packages that a command can come to load, at its start or later. */
async function findLoads(entries: readonly string[]): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: entries.map((entry) => join(root, entry)),
    absWorkingDir: root,
    outdir: 'none',
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    logLevel: 'silent',
  })
  return metafile
}

test('the image of the init jobs holds all that the commands on a database load', async () => {
  const commands = ['init', 'stage', 'status', 'diff', 'swap', 'rollback'].map((name) => `cli/commands/${name}.ts`)
  const { inputs } = await findLoads(['cli/terminal/report-failure.ts', ...commands])
  const copies = await readCopies()
  const files = Object.keys(inputs)
  expect(files).toContain('shared/platform/postgres/cloud-sql.ts')
  expect(files.filter((file) => !copies.some((copy) => file.startsWith(`${copy}/`)))).toEqual([])
  const { dependencies } = JSON.parse(await read('package.json'))
  const imports = Object.values(inputs).flatMap(({ imports }) => imports)
  const packages = imports.flatMap(({ path, external }) => (external === true && !isBuiltin(path) ? path : []))
  expect(packages).toContain('@google-cloud/cloud-sql-connector')
  expect(packages.filter((name) => !Object.hasOwn(dependencies, name))).toEqual([])
})

test('what the image is made of is not kept from the builder', async () => {
  const rules = (await read('.dockerignore')).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(rules[0]).toBe('*')
  expect(rules).toEqual(expect.arrayContaining((await readCopies()).map((copy) => `!${copy}`)))
})
