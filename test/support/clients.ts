import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** Programs that astronomers use, where they are installed. None of them is started to find that out. */
export const HAS_STILTS = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'stilts')))

/** The Python that has such a package: Debian's, or the one on the path. */
export function pythonWith(name: string): string | undefined {
  const find = 'import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)'
  return ['/usr/bin/python3', 'python3'].find((python) => spawnSync(python, ['-c', find, name]).status === 0)
}

export const needs = (isThere: boolean, what: string): string => (isThere ? '' : ` (skipped: ${what} is not installed)`)

/** A task takes a second: to compile for speed, and to collect garbage with several threads, does not pay. */
const SHORT_LIVED = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData']

/** Runs a task of STILTS. @returns what it prints; it throws when the task fails */
export async function runStilts(task: string, ...words: readonly string[]): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C.UTF-8' }
  const options = { env, maxBuffer: 1 << 26 }
  const { stdout, stderr } = await promisify(execFile)('stilts', [...SHORT_LIVED, task, ...words], options)
  return stdout + stderr
}
