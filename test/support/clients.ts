import { execFile, spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
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

/** Where Debian has it; another STILTS is started once for each task. */
const JARS = globSync('/usr/share/java/{starlink-*,ttools}.jar')

/**
 * Runs many tasks that read files in one process, which takes as long as three by themselves.
 *
 * @returns what each prints; it throws with what was printed when a task fails
 */
export async function runStiltsTasks(tasks: readonly (readonly string[])[]): Promise<readonly string[]> {
  if (JARS.length === 0) {
    const printed: string[] = []
    for (const [task = '', ...words] of tasks) printed.push(await runStilts(task, ...words))
    return printed
  }
  const words = tasks.flatMap((task, index) => (index === 0 ? task : ['--', ...task]))
  const flags = [...SHORT_LIVED, '-Dfile.encoding=UTF-8', '-cp', JARS.join(':')]
  const source = join(import.meta.dirname, 'StiltsTasks.java')
  const { stdout } = await promisify(execFile)('java', [...flags, source, ...words], { maxBuffer: 1 << 26 }).catch(
    (error: { readonly stdout: string; readonly stderr: string }) => {
      throw new Error(`a task of STILTS failed: ${error.stdout}${error.stderr}`, { cause: error })
    },
  )
  return stdout.split('== next\n').slice(1)
}
