import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { builtinModules, findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Metafile, type Plugin } from 'esbuild'
import { describePackage } from './describe-package.ts'
import { type LoadedCode, measureCode } from './measure-code.ts'

const ROOT = join(import.meta.dirname, '..', '..')

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
    entryPoints: { index: join(ROOT, 'functions', name, 'index.ts') },
    outdir: folder,
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    external: NOT_BUNDLED,
    plugins: [withoutGrpc, builtinsAsObjects, commonjsByName],
    banner: { js: COMMONJS_NAMES },
    metafile: true,
    logLevel: 'warning',
  })
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

/** What packages written as CommonJS take for granted. */
const COMMONJS_NAMES = [
  "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)",
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

function externalPackages({ outputs }: Metafile): readonly string[] {
  const imported = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  return NOT_BUNDLED.filter((name) => imported.includes(name))
}
