import { existsSync } from 'node:fs'
import { loadEnvironment } from '../../../shared/deployment/environment-file.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { LOCAL_ENVIRONMENT } from '../local-state.ts'
import { openLogger } from '../publish/open-location.ts'

export const URL_VARIABLE = 'ALMAGEST_TAP_URL'

/**
 * The TAP service that is meant: the one that is named, or the first of the stack that `npm start` runs.
 *
 * @param localFile the environment file of that stack, which may not be there
 * @throws UsageError when there is none
 */
export async function findService(named: string | undefined, localFile: string = LOCAL_ENVIRONMENT): Promise<string> {
  const url = named ?? process.env[URL_VARIABLE] ?? ''
  if (url !== '') return url.replace(/\/+$/, '').replace(/\/(?:a?sync)$/, '')
  const local = existsSync(localFile) ? await firstService(localFile) : undefined
  if (local !== undefined) return local
  throw new UsageError(`no TAP service is named: give --url, or set ${URL_VARIABLE}; \`npm start\` runs one here`)
}

async function firstService(file: string): Promise<string | undefined> {
  const { servers } = await loadEnvironment(openLogger(), file)
  return [...servers.values()].map(({ service }) => service?.url).find((url) => url !== undefined)
}
