import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'

const ROOT = join(import.meta.dirname, '..', '..')

/** Installed where the function is deployed: the runtime brings the framework, and Pub/Sub is used with a topic only. */
const NOT_BUNDLED = ['@google-cloud/functions-framework', '@google-cloud/pubsub']

export interface Bundle {
  readonly name: string
  readonly folder: string
  /** Bytes of JavaScript that are loaded at the start, and of what is loaded when it is first needed. */
  readonly entryBytes: number
  readonly laterBytes: number
}

/** The functions that can be deployed: the folders below `functions`. */
export async function functionNames(): Promise<readonly string[]> {
  const entries = await readdir(join(ROOT, 'functions'), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/**
 * Makes a folder that can be deployed as a function: `index.js` with its chunks, source maps, and a package.json that
 * names what is not in the bundle. Storage, Cloud SQL connector and `pg` stay in chunks of their own where the code
 * imports them when they are first needed.
 */
export async function bundleFunction(name: string, target: string): Promise<Bundle> {
  const folder = join(target, name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: { index: join(ROOT, 'functions', name, 'index.ts') },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    external: NOT_BUNDLED,
    plugins: [withoutGrpc],
    banner: { js: COMMONJS_NAMES },
    logLevel: 'warning',
  })
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(await describePackage(name), null, 2)}\n`)
  return { name, folder, ...(await measure(folder)) }
}

/** What packages written as CommonJS take for granted. */
const COMMONJS_NAMES = [
  "import { createRequire as almagestRequire } from 'node:module'",
  "import { dirname as almagestDirname } from 'node:path'",
  "import { fileURLToPath as almagestPath } from 'node:url'",
  'const require = almagestRequire(import.meta.url)',
  'const __filename = almagestPath(import.meta.url)',
  'const __dirname = almagestDirname(__filename)',
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

async function describePackage(name: string): Promise<object> {
  const require = createRequire(import.meta.url)
  const { version, dependencies } = require(join(ROOT, 'package.json')) as {
    version: string
    dependencies: Record<string, string>
  }
  return {
    name: `almagest-${name}`,
    version,
    private: true,
    type: 'module',
    main: 'index.js',
    scripts: {
      start: `functions-framework --target=${name}`,
      // Run by Google's buildpack: what a start loads lies there compiled.
      'gcp-build': `NODE_COMPILE_CACHE=.compile-cache node --input-type=module --eval "await import('./index.js')"`,
    },
    dependencies: Object.fromEntries(NOT_BUNDLED.map((dependency) => [dependency, dependencies[dependency]])),
  }
}

async function measure(folder: string): Promise<Pick<Bundle, 'entryBytes' | 'laterBytes'>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.js'))
  const sizes = await Promise.all(files.map(async (file) => ({ file, size: (await stat(join(folder, file))).size })))
  const entryBytes = sizes.find(({ file }) => file === 'index.js')?.size ?? 0
  return { entryBytes, laterBytes: sizes.reduce((sum, { size }) => sum + size, -entryBytes) }
}
