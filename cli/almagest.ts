#!/usr/bin/env node
import { runAlmagest } from './commands/program.ts'

process.exitCode = await runAlmagest(process.argv.slice(2))
