import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { flushCompileCache, getCompileCacheDir } from 'node:module'

/**
 * Run while the image of a function is built (`gcp-build`), where the bundle and its packages lie as they will run: all that it can load is
 * loaded, so that the compile cache in NODE_COMPILE_CACHE holds it.
 */
const here = new URL('.', import.meta.url)
const { dependencies } = JSON.parse(readFileSync(new URL('package.json', here), 'utf8')) as { dependencies: object }

await import(new URL('start.mjs', here).href).catch((error: { readonly code?: unknown }) => {
  // All of it is compiled by then. What it is deployed with may be put beside it later.
  if (error.code !== 'not_started') throw error
  console.log('The environment is checked again when the function starts.')
})
for (const file of readdirSync(here))
  if (file.endsWith('.js') && file !== 'index.js') await import(new URL(file, here).href)
// The framework's server is what a process starts with, but not what a function imports.
for (const name of [...Object.keys(dependencies), '@google-cloud/functions-framework/testing']) await import(name)

flushCompileCache()
const folder = getCompileCacheDir()
// They are written for their owner only, who need not be the one that runs the function.
for (const file of folder === undefined ? [] : readdirSync(folder)) chmodSync(`${folder}/${file}`, 0o644)
