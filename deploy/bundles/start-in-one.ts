import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Plugin } from 'esbuild'

const START = 'almagest:start'
const LATER = 'later'

/**
 * All that is loaded at the start becomes one chunk. Without this it is spread over dozens of small ones, one for each set
 * of `import()`s that share something, and each file costs time. Chunks are made of what the same entries reach; so what
 * is imported later is made to reach the start too, which is there by then.
 *
 * @param entry what runs: its own imports are the start. It is not part of it, since what it waits for may be imported
 * later
 */
export function startInOne(entry: string): Plugin {
  return {
    name: 'start-in-one',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${START}$`) }, () => ({ path: entry, namespace: START }))
      build.onLoad({ filter: /.*/, namespace: START }, async () => {
        const imports = (await readFile(entry, 'utf8')).matchAll(/^import (?!type\b).* from ('\.[^']*')$/gm)
        return { contents: [...imports].map(([, file]) => `import ${file}`).join('\n'), resolveDir: dirname(entry) }
      })
      build.onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        // Of a package that others `require`, esbuild wraps whatever it reaches: the start must not be part of that.
        if (kind !== 'dynamic-import' || pluginData !== undefined || importer.includes('node_modules')) return null
        const resolved = await build.resolve(path, { kind, importer, resolveDir, pluginData: START })
        const { namespace, external, errors } = resolved
        if (external || errors.length > 0) return resolved
        return { path: namespace === 'file' ? resolved.path : `${namespace}:${resolved.path}`, namespace: LATER }
      })
      build.onLoad({ filter: /.*/, namespace: LATER }, async ({ path }) => {
        const file = JSON.stringify(path)
        const hasDefault =
          path.startsWith('by-name:') || /^export (default\b|.*\bas default\b)/m.test(await readFile(path, 'utf8'))
        const contents = `import '${START}'; export * from ${file}; ${hasDefault ? `export { default } from ${file}` : ''}`
        return { contents, resolveDir: dirname(entry) }
      })
    },
  }
}
