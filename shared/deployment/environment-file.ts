import { resolve } from 'node:path'
import type { Environment } from '../environment/environment.ts'
import { EnvironmentError } from '../environment/environment-error.ts'
import { parseEnvironment } from '../environment/parse.ts'
import { type Lazy, lazily } from '../lazily.ts'
import type { Logger } from '../platform/log/log.ts'
import { formatProblem } from '../problem.ts'
import { environmentPath, openEnvironmentSource } from './environment-source.ts'

/** An environment, and which content of its file it was read from. */
export interface LoadedEnvironment {
  readonly environment: Environment
  readonly version: string
}

/** Environments by absolute path, or by the address of an object. */
const loaded = new Map<string, Lazy<LoadedEnvironment>>()

/**
 * Reads and checks the environment file, once for each path until `reloadEnvironment` finds another one. Doubtful things
 * in it are logged.
 *
 * @param path a path or `gs://BUCKET/OBJECT`; ALMAGEST_ENVIRONMENT unless given
 * @throws EnvironmentError with every problem of the file
 */
export async function loadEnvironment(logger: Logger, path?: string): Promise<Environment> {
  return (await loadVersion(logger, path)).environment
}

/** The same, with the version of the content. */
export async function loadVersion(logger: Logger, path: string = defaultPath()): Promise<LoadedEnvironment> {
  if (path.trim() === '') {
    throw new EnvironmentError('ALMAGEST_ENVIRONMENT is not set: it holds the path of the environment file')
  }
  const key = keyOf(path)
  // A file that failed and was mended in the meantime is read again.
  const environment = loaded.get(key) ?? lazily(() => readEnvironment(path, logger))
  loaded.set(key, environment)
  return environment()
}

/**
 * Reads the file once more. What cannot be used takes the place of nothing.
 *
 * @throws EnvironmentError, StorageError
 */
export async function reloadEnvironment(logger: Logger, path: string): Promise<LoadedEnvironment> {
  const found = await readEnvironment(path, logger)
  loaded.set(
    keyOf(path),
    lazily(async () => found),
  )
  return found
}

/** What is meant where nobody names a file. */
export function defaultPath(): string {
  return environmentPath.getStore() ?? process.env.ALMAGEST_ENVIRONMENT ?? ''
}

function keyOf(path: string): string {
  return path.startsWith('gs://') ? path : resolve(path)
}

async function readEnvironment(path: string, logger: Logger): Promise<LoadedEnvironment> {
  const { content, version } = await openEnvironmentSource(path, logger).read()
  const { environment, problems } = parseEnvironment(path, decode(content, path))
  if (environment === null) {
    throw new EnvironmentError(`the environment file ${path} cannot be used:`, problems)
  }
  for (const problem of problems) logger.warning(formatProblem(problem), { code: problem.code })
  return { environment, version }
}

function decode(content: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (error) {
    throw new EnvironmentError(`the environment file ${path} is not text in UTF-8`, [], error)
  }
}
