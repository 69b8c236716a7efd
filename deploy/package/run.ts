import { join } from 'node:path'
import { ROOT } from '../bundles/node-bundle.ts'
import { buildClient } from './build-client.ts'
import { buildCommand } from './build-command.ts'

const dist = join(ROOT, 'dist')

await buildClient(join(dist, 'client'))
const { bytes } = await buildCommand(join(dist, 'command'))
console.error(`dist/command: ${(bytes / 1000).toFixed(0)} kB`)
