import { UsageError } from './usage-error.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EACCES: 'it may not be read by this user',
  EPERM: 'it may not be read by this user',
  EISDIR: 'it is a folder, where a file is expected',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the path is too long',
  EIO: 'the disk failed',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
}

/**
 * Runs an operation on files that were named on the command line and says in words what the system did not like.
 *
 * @throws UsageError for what is wrong with a path; every other error passes
 */
export async function withFileErrors<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    throw explainFileError(path, error)
  }
}

function explainFileError(path: string, error: unknown): unknown {
  const reason = describeFileError(error)
  if (!(error instanceof Error) || reason === undefined) return error
  const where = 'path' in error && typeof error.path === 'string' ? error.path : path
  return new UsageError(`cannot read ${where}: ${reason}`, error)
}

/** What the system did not like about a file, in words; undefined: the error is about something else. */
export function describeFileError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return Object.hasOwn(REASONS, error.code) ? REASONS[error.code] : undefined
}
