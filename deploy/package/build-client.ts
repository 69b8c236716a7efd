import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from '../bundles/node-bundle.ts'

const ENTRY = join(ROOT, 'shared', 'discovery', 'client.ts')

/**
 * Makes what the package entry `almagest/client` leads to: one file of JavaScript that needs nothing but `fetch`, for
 * Node.js takes no types out of files below node_modules, and the declarations of all types that it speaks of.
 */
export async function buildClient(target: string): Promise<void> {
  await rm(target, { recursive: true, force: true })
  await build({
    entryPoints: [ENTRY],
    outfile: join(target, 'client.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    logLevel: 'warning',
  })
  const options = { declaration: true, emitDeclarationOnly: true, noEmit: false, rootDir: join(ROOT, 'shared') }
  const flags = Object.entries({ ...options, outDir: join(target, 'types') }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ])
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const project = join(import.meta.dirname, 'client.tsconfig.json')
  execFileSync(process.execPath, [compiler, '--project', project, ...flags], { stdio: 'inherit' })
}
