#!/usr/bin/env node
// The one file of plain JavaScript: a file that node must strip of its types first cannot be spared that by the cache
// it turns on, and this is a third of a short command's time.
import * as nodeModule from 'node:module'

// An older Node.js that calls this file itself, past npm and npx, would die of the syntax of the next one.
if (process.features.typescript) {
  nodeModule.enableCompileCache()
  await import('./almagest.ts')
} else {
  console.error(`almagest: Node.js 24 or later is needed, and this is ${process.version}`)
  console.error('  `npm ci` installs the right one, and `npx almagest` uses it')
  process.exitCode = 2
}
