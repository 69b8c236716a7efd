import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Metafile } from 'esbuild'

/** What a bundle loads, and when. */
export interface LoadedCode {
  /** Bytes of JavaScript that are loaded at the start, and of what is loaded when it is first needed. */
  readonly entryBytes: number
  readonly laterBytes: number
  /** Of all of it, compressed. */
  readonly gzipBytes: number
  /** Packages with code in what is loaded at the start, and in any of it. */
  readonly entryPackages: readonly string[]
  readonly packages: readonly string[]
  /** What it imports that is not in it, other than when it is first needed. */
  readonly imports: readonly string[]
}

/** @param folder that the paths of the metafile start from */
export async function measureCode({ outputs }: Metafile, folder: string): Promise<LoadedCode> {
  const code = Object.keys(outputs).filter((path) => path.endsWith('.js'))
  const entry = code.filter((path) => outputs[path]?.entryPoint !== undefined && path.endsWith('/index.js'))
  const atStart = new Set(entry)
  // Grows while it is walked.
  for (const path of atStart) {
    for (const { kind, path: imported } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && imported in outputs) atStart.add(imported)
  }
  const packagesIn = (paths: Iterable<string>) =>
    [...new Set([...paths].flatMap((path) => Object.entries(outputs[path]?.inputs ?? {}).flatMap(packageOf)))].sort()
  const sizeOf = (paths: Iterable<string>) => [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0)
  const contents = await Promise.all(code.map((path) => readFile(resolve(folder, path))))
  return {
    entryBytes: sizeOf(atStart),
    laterBytes: sizeOf(code) - sizeOf(atStart),
    gzipBytes: contents.reduce((sum, content) => sum + gzipSync(content).length, 0),
    entryPackages: packagesIn(atStart),
    packages: packagesIn(code),
    imports: [...new Set(code.flatMap((path) => outputs[path]?.imports ?? []).flatMap(importFromOutside))].sort(),
  }
}

/** Of a file that contributes something. */
function packageOf([path, { bytesInOutput }]: readonly [string, { readonly bytesInOutput: number }]): string[] {
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]
  return name === undefined || bytesInOutput === 0 ? [] : [name]
}

function importFromOutside({ kind, path, external }: Metafile['outputs'][string]['imports'][number]): string[] {
  return external === true && kind === 'import-statement' ? [path] : []
}
