import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { readArchive } from '../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../shared/releases/limits.ts'
import { benchColdStart, benchDiscovery } from './discovery.ts'
import { benchStage } from './stage.ts'
import { benchSwap } from './swap.ts'
import { benchSweep } from './sweep.ts'
import { benchValidate, benchValidateProcess } from './validate.ts'

/** Rubin's main TAP service. */
const SCHEMAS = ['dp2', 'dp1', 'ivoa_obscore', 'dp02_dc2']
const RELEASE = join(import.meta.dirname, '..', '..', 'shared', 'data', 'releases', 'w.2026.34', 'schemas.tar.gz')
/** An environment of 26 applications. */
const ENVIRONMENT = join(
  import.meta.dirname,
  '..',
  '..',
  'shared',
  'data',
  'golden',
  'discovery',
  'config',
  'phalanx.yaml',
)

const path = process.argv[2] ?? RELEASE
if (!existsSync(path)) {
  console.error(`no release at ${path}: name one, npm run bench -- path/to/schemas.tar.gz`)
  process.exit(2)
}
const archive = readFileSync(path)
const files = await readArchive(archive, DEFAULT_LIMITS)
const seconds = Number(process.env.BENCH_SECONDS ?? 30)

console.log(`${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}`)
print('validate, in one process', benchValidate(files, 20))
if (files.has('dp1.yaml')) print('validate, as a process', benchValidateProcess(files, 'dp1.yaml', 10))
print('stage', await benchStage(archive, path, SCHEMAS, 20))
const readers = { seconds, readers: 8 }
print('eight readers, no swaps', await benchSwap(files, SCHEMAS, { ...readers, pauseMs: null }))
print('eight readers, a swap after the other', await benchSwap(files, SCHEMAS, { ...readers, pauseMs: 0 }))
print('eight readers, a swap every second', await benchSwap(files, SCHEMAS, { ...readers, pauseMs: 1000 }))

if (existsSync(ENVIRONMENT)) {
  const loads = await benchDiscovery(ENVIRONMENT, Math.min(seconds, 10))
  for (const [title, figures] of Object.entries(loads)) print(title, figures)
  print('cold start', await benchColdStart(ENVIRONMENT, 10))
}
for (const objects of [100_000, 1_000_000]) print(`sweep over ${objects} results`, await benchSweep(objects))

function print(title: string, figures: Readonly<Record<string, number>>): void {
  console.log(`\n| ${title} | |\n|---|---|`)
  for (const [name, value] of Object.entries(figures)) {
    if (!Number.isNaN(value))
      console.log(`| ${name} | ${Number.isInteger(value) ? value : value.toFixed(value < 10 ? 2 : 1)} |`)
  }
}
