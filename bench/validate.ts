import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DEFAULT_CONTEXT } from '../shared/felis/context.ts'
import { FelisLoader } from '../shared/felis/load.ts'
import { buildRows } from '../shared/tap-schema/build-rows.ts'
import { PLAIN } from '../shared/tap-schema/options.ts'
import { percentile } from './measure.ts'

/** Validating each file of a release by itself in one process: median of the runs, in milliseconds. */
export function benchValidate(files: ReadonlyMap<string, string>, runs: number): Record<string, number> {
  const medians = [...files.keys()].sort().map((name): [string, number] => {
    const times = Array.from({ length: runs }, () => {
      const started = performance.now()
      buildRows([new FelisLoader(files, DEFAULT_CONTEXT).load(name)], PLAIN)
      return performance.now() - started
    })
    return [`${name}, median ms`, percentile(times, 0.5)]
  })
  return Object.fromEntries(medians)
}

/** `almagest validate` as a process of its own: one file, and all files of the release. */
export function benchValidateProcess(
  files: ReadonlyMap<string, string>,
  name: string,
  runs: number,
): Record<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'almagest-bench-'))
  try {
    for (const [file, text] of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    }
    return {
      ...measure(name, [join(folder, name)], runs),
      ...measure(`all ${files.size} files`, [folder], runs),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const COMMAND = join(import.meta.dirname, '..', 'cli', 'almagest.js')

/** Tells the most memory that the process ever had, as its last word. */
const MEMORY = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write('maxRSS ' + process.resourceUsage().maxRSS))",
)}`

function measure(title: string, args: readonly string[], runs: number): Record<string, number> {
  // The first run fills the cache of compiled code, as the first of a user does.
  const [, ...processes] = Array.from({ length: runs + 1 }, () => {
    const started = performance.now()
    const run = spawnSync(process.execPath, ['--import', MEMORY, COMMAND, 'validate', ...args], { encoding: 'utf8' })
    const elapsed = performance.now() - started
    if (run.status !== 0) throw new Error(`almagest validate ended with ${run.status}: ${run.stdout}${run.stderr}`)
    return { elapsed, kibibytes: Number(/maxRSS (\d+)$/.exec(run.stderr)?.[1]) }
  })
  const times = processes.map(({ elapsed }) => elapsed)
  return {
    [`${title}, median ms`]: percentile(times, 0.5),
    [`${title}, longest ms`]: percentile(times, 1),
    [`${title}, most memory MB`]: percentile(
      processes.map(({ kibibytes }) => (kibibytes * 1024) / 1e6),
      1,
    ),
  }
}
