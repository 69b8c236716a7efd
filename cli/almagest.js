#!/usr/bin/env node
// The one file of plain JavaScript: a file that node must strip of its types first cannot be spared that by the cache
// it turns on, and this is a third of a short command's time.
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./almagest.ts')
