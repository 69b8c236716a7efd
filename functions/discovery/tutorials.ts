import { parseTutorialMenu, type TutorialMenu } from '../../shared/discovery/tutorials.ts'
import type { DiscoveryConfig } from '../../shared/environment/discovery/discovery.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { Representation } from '../../shared/platform/http/representation.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { DiscoveryDependencies } from './dependencies.ts'

export interface Tutorials {
  /** @throws HttpError 404 where the environment names no tutorials, 503 when their menu was never readable */
  read(): Promise<Representation>
}

/** The menu is read again when it is older than its lifetime; the last one serves while it is not readable. */
export function createTutorials(
  { tutorials }: Pick<DiscoveryConfig, 'tutorials'>,
  dependencies: Pick<DiscoveryDependencies, 'readTutorials'>,
  logger: Logger,
  lifetimeMs: number,
): Tutorials {
  let menu: Representation | undefined
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  const readMenu = async (): Promise<TutorialMenu> => {
    if (tutorials?.menu === null) return { items: [] }
    const text = await dependencies.readTutorials()
    if (text === undefined) throw new Error('the menu of the tutorials is not there')
    return parseTutorialMenu(text)
  }
  const refresh = async (url: string) => {
    readAt = Date.now()
    try {
      const answer = JSON.stringify({ url, ...(await readMenu()) })
      menu = menu?.replace(answer, new Date()) ?? new Representation(answer, 'application/json', new Date())
    } catch (error) {
      logger.warning('the menu of the tutorials cannot be read', { error })
    } finally {
      reading = undefined
    }
  }
  const read = async () => {
    if (tutorials === null) throw new HttpError(404, { msg: 'no tutorials are configured', type: 'not_configured' })
    if (Math.abs(Date.now() - readAt) >= lifetimeMs) reading ??= refresh(tutorials.repository)
    if (menu === undefined) await reading
    if (menu !== undefined) return menu
    const msg = 'the menu of the tutorials cannot be read at the moment'
    throw new HttpError(503, { msg, type: 'tutorials_unavailable' }, { headers: { 'retry-after': '60' } })
  }
  return { read }
}
