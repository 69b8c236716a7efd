import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { functionNames } from '../../../deploy/bundles/bundle.ts'
import { FRAMEWORK, START_FLAGS } from '../../../deploy/bundles/describe-package.ts'
import { withoutStart } from '../../../deploy/package/build-command.ts'
import { ROOT } from '../../support/function-process.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

interface Stage {
  readonly name: string
  readonly lines: readonly string[]
}

const stages: readonly Stage[] = read('Dockerfile')
  .split(/^(?=FROM )/m)
  .slice(1)
  .map((text) => {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return { name: / AS (\S+)$/.exec(lines[0] ?? '')?.[1] ?? '', lines }
  })

function linesOf(name: string): readonly string[] {
  return stages.find((stage) => stage.name === name)?.lines ?? []
}

/** What `COPY` takes from the repository. */
const copied = linesOf('build').flatMap((line) => (line.startsWith('COPY ') ? line.split(/\s+/).slice(1, -1) : []))

/** Files of ours that some entries come to load, at their start or later. */
async function findLoads(entries: readonly string[]): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: entries.map((entry) => join(ROOT, entry)),
    absWorkingDir: ROOT,
    outdir: 'none',
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    plugins: [withoutStart],
    metafile: true,
    logLevel: 'silent',
  })
  return Object.keys(metafile.inputs)
}

test('what the images are built from is there, and is not kept from the builder', () => {
  const rules = read('.dockerignore').split('\n')
  expect(rules).toContain('*')
  for (const source of copied) {
    expect(existsSync(join(ROOT, source)), source).toBe(true)
    expect(rules).toContain(`!${source}`)
  }
})

test('the build has all sources of the functions, the command and the client, and of what bundles them', async () => {
  const functions = (await functionNames()).map((name) => `functions/${name}/index.ts`)
  const files = await findLoads([
    ...functions,
    'cli/almagest.ts',
    'shared/discovery/client.ts',
    'deploy/bundles/run.ts',
    'deploy/package/run.ts',
    'deploy/bundles/deployed/start.ts',
    'deploy/bundles/deployed/fill-compile-cache.ts',
    'console/main.ts',
  ])
  expect(files).toContain('shared/platform/postgres/cloud-sql.ts')
  const isThere = (file: string) => copied.some((source) => file === source || file.startsWith(`${source}/`))
  expect(files.filter((file) => !isThere(file))).toEqual([])
})

test('images are run by a user without rights, and hold what was built and nothing else of the repository', () => {
  expect(stages.map(({ name }) => name)).toEqual(['build', 'function', 'command'])
  for (const name of ['function', 'command']) {
    const lines = linesOf(name)
    expect(lines).toContain('USER node')
    const copies = lines.filter((line) => line.startsWith('COPY '))
    expect(copies.filter((line) => !line.startsWith('COPY --from=build /build/'))).toEqual([])
  }
  expect(linesOf('command')).toContain('ENTRYPOINT ["node", "/almagest/cli/almagest.js"]')
})

test('the image of a function is prepared as Terraform prepares it', () => {
  const commands = (lines: readonly string[]) => lines.filter((line) => /^(RUN|USER|WORKDIR|ENTRYPOINT) /.test(line))
  const terraform = read('terraform/modules/functions/Dockerfile').split('\n')
  expect(commands(linesOf('function'))).toEqual(commands(terraform))
  expect(terraform).toContain(`ENTRYPOINT ${JSON.stringify(['node', ...START_FLAGS, FRAMEWORK]).replaceAll(',', ', ')}`)
})
