import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Environment } from '../environment/environment.ts'
import { EnvironmentError } from '../environment/environment-error.ts'
import { parseEnvironment } from '../environment/parse.ts'
import { type Lazy, lazily } from '../lazily.ts'
import type { Logger } from '../platform/log/log.ts'
import { formatProblem } from '../problem.ts'

/** Environments by absolute path. */
const loaded = new Map<string, Lazy<Environment>>()

/**
 * Reads and checks the environment file; once for each path, for a deployment does not change while it runs. Doubtful
 * things in it are logged.
 *
 * @param path ALMAGEST_ENVIRONMENT unless given
 * @throws EnvironmentError with every problem of the file
 */
export async function loadEnvironment(
  logger: Logger,
  path: string | undefined = process.env.ALMAGEST_ENVIRONMENT,
): Promise<Environment> {
  if (path === undefined || path.trim() === '') {
    throw new EnvironmentError('ALMAGEST_ENVIRONMENT is not set: it holds the path of the environment file')
  }
  const absolute = resolve(path)
  // A file that failed and was mended in the meantime is read again.
  const environment = loaded.get(absolute) ?? lazily(() => readEnvironment(path, logger))
  loaded.set(absolute, environment)
  return environment()
}

async function readEnvironment(path: string, logger: Logger): Promise<Environment> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const reason = REASONS.get(error.code ?? '') ?? `cannot be read (${error.code})`
    throw new EnvironmentError(`the environment file ${path} ${reason}`, [], error)
  })
  const { environment, problems } = parseEnvironment(path, decode(content, path))
  if (environment === null) {
    throw new EnvironmentError(`the environment file ${path} cannot be used:`, problems)
  }
  for (const problem of problems) logger.warning(formatProblem(problem), { code: problem.code })
  return environment
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist'],
  ['EACCES', 'may not be read'],
  ['EISDIR', 'is a directory'],
])

function decode(content: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (error) {
    throw new EnvironmentError(`the environment file ${path} is not text in UTF-8`, [], error)
  }
}
