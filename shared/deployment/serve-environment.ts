import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '../platform/log/log.ts'
import { openAtStart } from '../platform/open-at-start.ts'
import { defaultPath, loadVersion, reloadEnvironment } from './environment-file.ts'
import { environmentPath, openEnvironmentSource } from './environment-source.ts'

type Answer<Request extends IncomingMessage, Response extends ServerResponse> = (
  request: Request,
  response: Response,
) => unknown

/** Says which content of the environment file answers. */
export const ENVIRONMENT_HEADER = 'almagest-environment'

/** How old what is known of the file may be. */
const LOOK_MS = 30_000

export interface ServeOptions {
  readonly logger: Logger
  /** Default 30 s. */
  readonly lookMs?: number
}

/**
 * Makes an HTTP function of what `make` puts together from the environment file, and makes it anew when the file has
 * another content: an object that was overwritten, a secret of which there is a new version. It is looked at when a
 * request comes, and the answer to that request is the first of the new one. A file that cannot be used is logged, and
 * changes nothing; requests that are being answered go on with what they began with.
 *
 * @throws NotStartedError when it cannot be put together at the start
 */
export async function serveEnvironment<Request extends IncomingMessage, Response extends ServerResponse>(
  make: () => Promise<Answer<Request, Response>>,
  { logger, lookMs = LOOK_MS }: ServeOptions,
): Promise<Answer<Request, Response>> {
  const path = defaultPath()
  const inside = <T>(work: () => Promise<T>) => environmentPath.run(path, work)
  let answer = await openAtStart(() => inside(make), logger)
  const source = openEnvironmentSource(path, logger)
  let { version } = await loadVersion(logger, path)
  let mark = await source.readMark().catch(() => '')
  let looked = Date.now()
  let looking: Promise<void> | undefined
  const look = async () => {
    try {
      const found = await source.readMark()
      if (found === mark) return
      const { version: next } = await reloadEnvironment(logger, path)
      if (next !== version) answer = await inside(make)
      mark = found
      if (next === version) return
      logger.info('the environment file has another content, and is used from now on', {
        environment: path,
        version: next,
      })
      version = next
    } catch (error) {
      logger.error('the environment file has changed and cannot be used: what was read before holds', {
        environment: path,
        error,
      })
    }
  }
  return async (request, response) => {
    if (Date.now() - looked >= lookMs) {
      looked = Date.now()
      looking = look().finally(() => {
        looking = undefined
      })
    }
    await looking
    response.setHeader(ENVIRONMENT_HEADER, version)
    return answer(request, response)
  }
}
