import { readFile } from 'node:fs/promises'
import { builtinModules, findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuildOptions, Plugin } from 'esbuild'
import { startInOne } from './start-in-one.ts'

export const ROOT = join(import.meta.dirname, '..', '..')

/** What packages written as CommonJS take for granted. */
const COMMONJS_NAMES = [
  // Most chunks never call it, and to make one costs more than all else that a small chunk does.
  "const require = (name) => process.getBuiltinModule('node:module').createRequire(import.meta.url)(name)",
  'const __filename = import.meta.filename',
  'const __dirname = import.meta.dirname',
].join(';')

/**
 * The connector imports gRPC for its SQL_DATA path at its start, which costs more than all the rest. No environment file
 * can choose that path (`ipType` is PUBLIC, PRIVATE or PSC); whoever gets there all the same is told what is missing.
 */
const withoutGrpc: Plugin = {
  name: 'without-grpc',
  setup(build) {
    build.onResolve({ filter: /^(@grpc\/grpc-js|@google-cloud\/sql)$/ }, ({ path, importer }) => {
      return importer.includes('cloud-sql-connector') ? { path, namespace: 'left-out' } : null
    })
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: `
        const missing = new Proxy({}, { get() { throw new Error('${path} is not part of the bundle: the SQL_DATA path of the connector needs it') } })
        export const v1beta4 = missing, credentials = missing, status = missing, Metadata = missing
        export default missing`,
    }))
  },
}

/**
 * An `import` of a module of Node.js reads everything that it exports, also what is kept there for whoever asks: WebSocket
 * in node:http brings the whole of undici, 16 ms. As an object it is read where it is used.
 */
const builtinsAsObjects: Plugin = {
  name: 'builtins-as-objects',
  setup(build) {
    const names = new Set(builtinModules)
    build.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '')
      return kind === 'import-statement' && names.has(name) ? { path: name, namespace: 'as-object' } : null
    })
    build.onLoad({ filter: /.*/, namespace: 'as-object' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}')`,
    }))
  },
}

/**
 * `import()` of a package written as CommonJS: Node.js finds the names that it exports, a bundle has `default` alone, and
 * whoever takes a name from it gets undefined. Here the names are those that Node.js finds while the bundle is made.
 */
const commonjsByName: Plugin = {
  name: 'commonjs-by-name',
  setup(build) {
    build.onResolve({ filter: /^by-name:/ }, ({ path }) => ({
      path: path.slice('by-name:'.length),
      namespace: 'by-name',
    }))
    build.onResolve({ filter: /^[^.]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === commonjsByName) return null
      const resolved = await build.resolve(path, { kind, importer, resolveDir, pluginData: commonjsByName })
      const { path: file, external, namespace, errors } = resolved
      const isFile = errors.length === 0 && !external && namespace === 'file'
      return isFile && (await isCommonjs(file)) ? { path: file, namespace: 'by-name' } : resolved
    })
    build.onLoad({ filter: /.*/, namespace: 'by-name' }, async ({ path }) => {
      const names = Object.keys(await import(pathToFileURL(path).href)).filter((name) =>
        /^(?!default$)[\w$]+$/.test(name),
      )
      return {
        contents: `
          const whole = require(${JSON.stringify(path)})
          export const { ${names.join(', ')} } = whole
          export default whole`,
        resolveDir: dirname(path),
      }
    })
  },
}

/** As Node.js decides it. */
async function isCommonjs(file: string): Promise<boolean> {
  if (/\.c[jt]s$/.test(file)) return true
  const description = findPackageJSON(pathToFileURL(file))
  if (!file.endsWith('.js') || description === undefined) return false
  return JSON.parse(await readFile(description, 'utf8')).type !== 'module'
}

/** Of our own package.json code reads these two; the rest changes without a change of the code. */
const nameAndVersion: Plugin = {
  name: 'name-and-version',
  setup(build) {
    build.onLoad({ filter: /package\.json$/ }, async ({ path }) => {
      if (path !== join(ROOT, 'package.json')) return null
      const { name, version } = JSON.parse(await readFile(path, 'utf8'))
      return { contents: JSON.stringify({ name, version }), loader: 'json' }
    })
  },
}

/**
 * How code of ours becomes a bundle for Node.js: an entry, a chunk for what it loads at the start, and chunks for what is
 * loaded when it is first needed.
 */
export function nodeBundle(name: string, entry: string, plugins: readonly Plugin[] = []) {
  return {
    entryPoints: { [name]: entry },
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    keepNames: true,
    plugins: [startInOne(entry), withoutGrpc, builtinsAsObjects, commonjsByName, nameAndVersion, ...plugins],
    banner: { js: COMMONJS_NAMES },
    metafile: true,
    logLevel: 'warning',
  } as const satisfies BuildOptions
}
