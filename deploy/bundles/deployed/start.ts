/**
 * What the functions-framework loads of a bundle: the compile cache is made to fit, then comes the function. An `.mjs`, so
 * that the framework does not search for package.json files to learn what it is, which takes it 20 ms.
 */
const { getCompileCacheDir } = process.getBuiltinModule('node:module')
const { readdirSync, rmdirSync, symlinkSync } = process.getBuiltinModule('node:fs')
const { basename, dirname, join } = process.getBuiltinModule('node:path')

linkCompileCache(getCompileCacheDir())
await import(new URL('index.js', import.meta.url).href)

/**
 * The folder of a compile cache is named by version and architecture of Node.js, by the features of the processor and by
 * the user. Only the first two matter for what is in it, but the machine that built the function may have been another
 * model. Then the empty folder of this machine becomes a link to the one that was filled.
 */
function linkCompileCache(folder: string | undefined): void {
  if (folder === undefined) return
  try {
    if (readdirSync(folder).length > 0) return
    const release = basename(folder).replace(/-[^-]+-[^-]+$/, '-')
    const parent = dirname(folder)
    const fits = (name: string) => name.startsWith(release) && readdirSync(join(parent, name)).length > 0
    const filled = readdirSync(parent).find(fits)
    if (filled === undefined) return
    rmdirSync(folder)
    symlinkSync(filled, folder)
  } catch {
    // Without a cache it starts more slowly, but it starts.
  }
}
