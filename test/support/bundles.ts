import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Bundle, bundleFunction, functionNames } from '../../deploy/bundles/bundle.ts'
import { COMPILE_CACHE, type FunctionProcess, ROOT, startFunction } from './function-process.ts'
import { askRun } from './once-in-a-run.ts'

/**
 * A folder as a deployment has it: the bundled functions, and beside them only the packages that they name. It is made
 * once in a run.
 */
export function bundleFunctions(): Promise<string> {
  return askRun('bundles')
}

/** A function as it is deployed, of its bundle: it starts in a third of the time that the sources take. Killed after the test. */
export async function startBundle(
  name: string,
  environmentFile: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<FunctionProcess> {
  return startFunction({ target: name, source: join(await bundleFunctions(), name), variables }, environmentFile)
}

/** What is known of the bundles in that folder. */
export async function readBundles(): Promise<readonly Bundle[]> {
  return JSON.parse(await readFile(join(await bundleFunctions(), DESCRIPTION), 'utf8'))
}

const DESCRIPTION = 'bundles.json'

/** @returns the folder */
export async function makeBundles(target: string): Promise<string> {
  const modules = join(target, 'node_modules', '@google-cloud')
  await mkdir(modules, { recursive: true })
  for (const name of ['functions-framework', 'pubsub']) {
    await symlink(join(ROOT, 'node_modules/@google-cloud', name), join(modules, name))
  }
  const bundles = await Promise.all((await functionNames()).map((name) => bundleFunction(name, target)))
  await writeFile(join(target, DESCRIPTION), JSON.stringify(bundles))
  await fillCompileCache(target)
  return target
}

/** As the image of a function has it, but one for all: what several functions load is compiled once. */
async function fillCompileCache(target: string): Promise<void> {
  const { ALMAGEST_ENVIRONMENT: _, ...inherited } = process.env
  const env = { ...inherited, NODE_COMPILE_CACHE: join(target, COMPILE_CACHE) }
  const imports = (await functionNames()).map((name) => `await import('./${name}/fill-compile-cache.mjs')`)
  // What the functions have opened by then is not closed by them.
  const script = [...imports, 'process.exit()'].join('\n')
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd: target, env })
}
