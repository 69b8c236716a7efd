import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FelisLoader } from '../shared/felis/load.ts'
import { readArchive } from '../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../shared/releases/limits.ts'
import { buildRows } from '../shared/tap-schema/build-rows.ts'
import { DEPLOYED } from '../shared/tap-schema/options.ts'

const PIECES = [
  ...'\n\t :-?,[]{}#&*!|>\'"%@`~.0<=\\\0\u2028\ufeff',
  '  ',
  '\n  - ',
  ': ',
  '<<: *a',
  '&a ',
  '!!int ',
  '---\n',
  '...\n',
  'null',
  'true',
  '1e400',
  '\ud800',
  'name: x\n',
  '"@id": "#x"\n',
]

const CHANGES: readonly ((text: string, at: number) => string)[] = [
  (text, at) => text.slice(0, at) + PIECES[below(PIECES.length)] + text.slice(at),
  (text, at) => text.slice(0, at) + text.slice(at + 1 + below(20)),
  (text, at) => text.slice(0, at) + PIECES[below(PIECES.length)] + text.slice(at + 1),
  (text, at) => {
    const from = below(text.length + 1)
    return text.slice(0, at) + text.slice(from, from + below(200)) + text.slice(at)
  },
  (text) => {
    const lines = text.split('\n')
    const [a, b] = [below(lines.length), below(lines.length)]
    ;[lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? '']
    return lines.join('\n')
  },
]

/**
 * Loads mutated files of a real release, as many as the first argument says: each must get a verdict, no exception, and
 * be done in under a second of processor time. `node bench/fuzz-felis.ts 100000 [seed] [archive]`
 */
const RELEASE = join(import.meta.dirname, '../../shared/data/releases/w.2026.34/schemas.tar.gz')
const [runs = '1000', seed = '1', archive = RELEASE] = process.argv.slice(2)
const SLOW_MS = 1000

const files = await readArchive(readFileSync(archive), DEFAULT_LIMITS)
const names = [...files.keys()]
const random = mulberry32(Number(seed))
const context = { idGeneration: true, columnRefIndexIncrement: 10, unboundedArraysize: true, checks: new Set<never>() }
let accepted = 0
let slowest = 0
const failures: string[] = []
for (let run = 0; run < Number(runs); run++) {
  const name = names[below(names.length)] ?? ''
  const text = mutate(files.get(name) ?? '')
  const started = process.cpuUsage()
  try {
    const loaded = new FelisLoader(new Map(files).set(name, text), context).load(name)
    if ((loaded.schema === null) !== loaded.problems.some(({ severity }) => severity === 'error')) {
      failures.push(`run ${run}, ${name}: neither schema nor error, or both`)
    }
    buildRows([loaded], DEPLOYED)
    if (loaded.schema !== null) accepted += 1
  } catch (error) {
    failures.push(`run ${run}, ${name}: ${error instanceof Error ? error.stack : error}`)
  }
  const used = process.cpuUsage(started)
  const took = (used.user + used.system) / 1000
  slowest = Math.max(slowest, took)
  if (took > SLOW_MS) failures.push(`run ${run}, ${name}: ${took.toFixed(0)} ms`)
}
console.log(
  `${runs} runs, seed ${seed}: ${accepted} accepted, slowest ${slowest.toFixed(0)} ms, ${failures.length} failures`,
)
for (const failure of failures.slice(0, 20)) console.log(failure)
process.exitCode = failures.length === 0 ? 0 : 1

/** One to five small changes at random places: characters of meaning to YAML, deletions, copies, swapped lines. */
function mutate(text: string): string {
  let changed = text
  for (let count = 1 + below(5); count > 0; count--)
    changed = CHANGES[below(CHANGES.length)]?.(changed, below(changed.length + 1)) ?? changed
  return changed
}

function below(limit: number): number {
  return Math.floor(random() * limit)
}

/** A small generator with a seed, so that a failure can be repeated. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
