import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Environment } from '../environment/environment.ts'
import { EnvironmentError } from '../environment/environment-error.ts'

/** What the section `registry` names of files beside the environment file. */
export interface RecordFiles {
  /** Records as XML, by their names in the environment file. */
  readonly files: ReadonlyMap<string, string>
  /** Of the environment file and of these. */
  readonly hash: string
}

/** @throws EnvironmentError: one of them cannot be read */
export async function readRecordFiles({ file, registry }: Environment): Promise<RecordFiles> {
  const hash = createHash('sha256').update(await readFile(file))
  const files = new Map<string, string>()
  for (const name of registry.records) {
    const text = await readFile(resolve(dirname(file), name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      const message = `the environment file ${file} names a record that cannot be read: ${name} (${error.code})`
      throw new EnvironmentError(message, [], error)
    })
    files.set(name, text)
    hash.update('\0').update(text)
  }
  return { files, hash: hash.digest('hex') }
}
