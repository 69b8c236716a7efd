import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Environment } from '../environment/environment.ts'
import { EnvironmentError } from '../environment/environment-error.ts'

/**
 * Reads the records that an environment file names as files beside it.
 *
 * @returns them as XML, by their names in the environment file
 * @throws EnvironmentError: one of them cannot be read
 */
export async function readRecordFiles({ file, registry }: Environment): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const name of registry.records) {
    const text = await readFile(resolve(dirname(file), name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      const message = `the environment file ${file} names a record that cannot be read: ${name} (${error.code})`
      throw new EnvironmentError(message, [], error)
    })
    files.set(name, text)
  }
  return files
}
