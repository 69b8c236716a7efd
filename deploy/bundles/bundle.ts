import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { buildConsole } from '../console/build-console.ts'
import { describePackage } from './describe-package.ts'
import { type LoadedCode, measureCode } from './measure-code.ts'
import { nodeBundle, ROOT } from './node-bundle.ts'

/**
 * Installed where the function is deployed. The platform starts the framework out of its own package, and the client of
 * Pub/Sub, which only functions with a topic ever load, reads files that lie in its package.
 */
const NOT_BUNDLED = ['@google-cloud/functions-framework', '@google-cloud/pubsub']

export interface Bundle extends LoadedCode {
  readonly name: string
  readonly folder: string
}

/** The functions that can be deployed: the folders below `functions`. */
export async function functionNames(): Promise<readonly string[]> {
  const entries = await readdir(join(ROOT, 'functions'), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/**
 * Makes a folder that can be deployed as a function: `index.js` with its chunks, their source maps, what starts it
 * (`start.mjs`), what prepares it on the platform (`fill-compile-cache.mjs`), and package.json and package-lock.json with
 * what is not in the bundle. What the code imports when it is first needed stays in chunks of its own.
 */
export async function bundleFunction(name: string, target: string): Promise<Bundle> {
  const folder = join(target, name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const { metafile } = await build({
    ...nodeBundle('index', join(ROOT, 'functions', name, 'index.ts')),
    outdir: folder,
    minify: true,
    sourcemap: 'linked',
    external: NOT_BUNDLED,
  })
  if (name === 'console') await buildConsole(join(folder, 'page'))
  await writeDeployed(name, folder, externalPackages(metafile))
  return { name, folder, ...(await measureCode(metafile, ROOT)) }
}

/** What lies beside the code of any function, given the packages that it imports. */
export async function writeDeployed(name: string, folder: string, needed: readonly string[]): Promise<void> {
  await build({
    entryPoints: ['start', 'fill-compile-cache'].map((file) => join(import.meta.dirname, 'deployed', `${file}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'warning',
  })
  for (const [file, content] of Object.entries(await describePackage(name, needed)))
    await writeFile(join(folder, file), `${JSON.stringify(content, null, 2)}\n`)
}

function externalPackages({ outputs }: Metafile): readonly string[] {
  const imported = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  return NOT_BUNDLED.filter((name) => imported.includes(name))
}
