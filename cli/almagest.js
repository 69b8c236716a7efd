#!/usr/bin/env node
// The one file of plain JavaScript: a file that node must strip of its types first cannot be spared that by the cache
// it turns on, and this is a third of a short command's time.
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'

// A checkout has the sources beside this file, an installed package the bundle that was made of them.
const isCheckout = existsSync(new URL('almagest.ts', import.meta.url))

// An older Node.js that calls this file itself, past npm and npx, would die of the syntax of the next one.
if (process.features.typescript) {
  nodeModule.enableCompileCache()
  await import(isCheckout ? './almagest.ts' : '../dist/command/almagest.js')
} else {
  console.error(`almagest: Node.js 24 or later is needed, and this is ${process.version}`)
  if (isCheckout) console.error('  `npm ci` installs the right one, and `npx almagest` uses it')
  process.exitCode = 2
}
