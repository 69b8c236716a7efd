import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../failure.ts'

/** A secret that is not there, or not readable. Transient: it can be mounted without a change of the environment file. */
export class SecretError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('unavailable', 'secret', message, { cause })
  }
}

/**
 * Reads one secret: the file `key` in the directory where secrets are mounted, or the file `value` in the folder `key`,
 * for Cloud Run mounts each secret in a folder of its own. The line break that editors and `echo` leave at the end is no
 * part of it. The content is in no message.
 *
 * @throws SecretError
 */
export async function readSecret(directory: string, key: string): Promise<string> {
  if (!/^[\w.-]+$/.test(key) || /^\.+$/.test(key)) {
    throw new SecretError(`${JSON.stringify(key)} cannot be the key of a secret: it names one file, without a path`)
  }
  const content = await readFileOrValue(join(directory, key)).catch((error: NodeJS.ErrnoException) => {
    const reason = REASONS.get(error.code ?? '') ?? `cannot be read (${error.code})`
    throw new SecretError(`the secret ${key} ${reason} in ${directory}`, error)
  })
  const secret = decode(content, key, directory).replace(/\r?\n$/, '')
  if (secret === '') throw new SecretError(`the secret ${key} in ${directory} is empty`)
  return secret
}

async function readFileOrValue(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if (!isCode(error, 'EISDIR')) throw error
    return await readFile(join(path, 'value')).catch((inner: unknown) => {
      throw isCode(inner, 'ENOENT') ? error : inner
    })
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'is not'],
  ['ENOTDIR', 'is not'],
  ['EACCES', 'may not be read'],
  ['EISDIR', 'is a directory, not a file,'],
])

function decode(content: Buffer, key: string, directory: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (error) {
    throw new SecretError(`the secret ${key} in ${directory} is not text in UTF-8`, error)
  }
}
