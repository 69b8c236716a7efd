import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Environment } from '../environment/environment.ts'

/** Tells one version of an environment file from another. */
export async function hashEnvironment({ file }: Environment): Promise<string> {
  const hash = createHash('sha256').update(await readFile(file))
  return hash.digest('hex')
}
