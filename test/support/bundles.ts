import { access, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inject, vi } from 'vitest'
import { bundleFunction, functionNames } from '../../deploy/bundles/bundle.ts'
import { ROOT } from './function-process.ts'

/**
 * A folder as a deployment has it: the bundled functions, and beside them only the packages that they name. It is made
 * once in a run, by whichever test file comes first; the others wait for it.
 */
export async function bundleFunctions(): Promise<string> {
  const target = join(inject('shared'), 'bundles')
  const done = join(target, 'done')
  const isFirst = await mkdir(target).then(
    () => true,
    () => false,
  )
  if (isFirst) {
    await makeBundles(target)
    await writeFile(done, '')
  }
  await vi.waitFor(() => access(done), { timeout: 150_000, interval: 50 })
  return target
}

async function makeBundles(target: string): Promise<void> {
  const modules = join(target, 'node_modules', '@google-cloud')
  await mkdir(modules, { recursive: true })
  await symlink(join(ROOT, 'node_modules/@google-cloud/functions-framework'), join(modules, 'functions-framework'))
  await Promise.all((await functionNames()).map((name) => bundleFunction(name, target)))
}
