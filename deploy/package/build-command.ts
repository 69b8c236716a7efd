import { rm } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { nodeBundle, ROOT } from '../bundles/node-bundle.ts'

export interface BuiltCommand {
  readonly bytes: number
  readonly outside: readonly string[]
}

/**
 * Makes what `cli/almagest.js` runs where the package is installed: `almagest.js` with its chunks, a command a chunk,
 * and all packages in them. It keeps the names and lines of the code, so that stacks can be read.
 *
 * @returns its size, and the packages that it would look for outside
 */
export async function buildCommand(target: string): Promise<BuiltCommand> {
  await rm(target, { recursive: true, force: true })
  const { metafile } = await build({
    ...nodeBundle('almagest', join(ROOT, 'cli', 'almagest.ts'), [withoutStart]),
    outdir: target,
    chunkNames: 'chunks/[name]-[hash]',
  })
  const outputs = Object.values(metafile.outputs)
  const outside = outputs.flatMap(({ imports }) => imports.filter(({ external }) => external === true))
  return {
    bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    outside: [...new Set(outside.map(({ path }) => path).filter((path) => !isBuiltin(path)))],
  }
}

/** `start` runs the sources, PostgreSQL and a sample of a checkout. The package says so. */
export const withoutStart: Plugin = {
  name: 'without-start',
  setup(build) {
    build.onResolve({ filter: /\/start\.ts$/ }, ({ resolveDir }) =>
      resolveDir === join(ROOT, 'cli', 'commands') ? { path: join(resolveDir, 'start', 'not-installed.ts') } : null,
    )
  },
}
