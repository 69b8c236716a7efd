#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Node keeps the JavaScript it makes of these files beside its other temporary ones: half of a short command's time.
enableCompileCache()
const { runAlmagest } = await import('./commands/program.ts')

process.exitCode = await runAlmagest(process.argv.slice(2))
