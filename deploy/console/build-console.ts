import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from '../bundles/node-bundle.ts'

const SOURCE = join(ROOT, 'console')

/** Makes the console's page: `index.html`, and `assets` with its code and style. What a view alone needs is a chunk of its own. */
export async function buildConsole(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: { main: join(SOURCE, 'main.ts'), style: join(SOURCE, 'style.css') },
    outdir: join(folder, 'assets'),
    chunkNames: '[name]-[hash]',
    tsconfig: join(SOURCE, 'tsconfig.json'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    minify: true,
    logLevel: 'warning',
  })
  await cp(join(SOURCE, 'index.html'), join(folder, 'index.html'))
}
