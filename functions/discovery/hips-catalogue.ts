import { createHipsLists, type HipsList } from '../../shared/discovery/hips-lists.ts'
import { hipsTrees } from '../../shared/discovery/hips-trees.ts'
import type { DiscoveryConfig } from '../../shared/environment/discovery/discovery.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { DiscoveryDependencies } from './dependencies.ts'

export interface HipsCatalogue {
  /** @throws HttpError 404 with Repertoire's messages */
  list(dataset: string): Promise<HipsList>
  /** The list under the older path. */
  listLegacy(): Promise<{ readonly dataset: string; readonly list: HipsList }>
  /** Trees whose properties could not be read lately. */
  failing(): readonly string[]
}

/** The HiPS lists of an environment: of each dataset that has trees and is available here. */
export function createHipsCatalogue(
  config: DiscoveryConfig,
  dependencies: DiscoveryDependencies,
  logger: Logger,
  { lifetimeMs, retryMs }: { readonly lifetimeMs: number; readonly retryMs: number },
): HipsCatalogue {
  const readToken = createTokenReader(config, dependencies, logger)
  const lists = createHipsLists({
    async fetchText(url) {
      const token = await readToken()
      if (token === null) throw new Error('there is no token for the HiPS trees')
      return dependencies.fetchText(url, token)
    },
    lifetimeMs,
    retryMs,
    onChange(url, error, kept) {
      const consequence = kept ? 'its last properties are still listed' : 'it is left out of the HiPS list'
      if (error === undefined) logger.info(`the HiPS tree ${url} can be read again`, { url })
      else logger.warning(`the HiPS tree ${url} cannot be read: ${consequence}`, { url, error })
    },
  })
  const requireToken = async () => {
    if ((await readToken()) === null) throw notFound('HiPS lists not configured')
  }
  const list = async (dataset: string) => {
    await requireToken()
    return lists.list(findTrees(config, dataset).map((url) => ({ url })))
  }
  const listLegacy = async () => {
    const dataset = config.hips?.legacy?.dataset || null
    if (dataset === null) throw notFound('Legacy HiPS list not configured')
    if (!config.availableDatasets.has(dataset)) throw notFound(`Dataset ${dataset} not available`)
    return { dataset, list: await list(dataset) }
  }
  return { list, listLegacy, failing: lists.failing }
}

function findTrees(config: DiscoveryConfig, dataset: string): readonly string[] {
  const trees = hipsTrees(config, dataset)
  if (trees === undefined) throw notFound(`No HiPS dataset for ${dataset}`)
  if (!config.availableDatasets.has(dataset)) throw notFound(`Dataset ${dataset} not available`)
  return trees.map(({ url }) => url)
}

/** A token may be replaced while the process runs, and one that is missing may be mounted later. */
const TOKEN_LIFETIME_MS = 60_000

function createTokenReader(config: DiscoveryConfig, { readSecret }: DiscoveryDependencies, logger: Logger) {
  let token: string | null = null
  let readAt = 0
  return async () => {
    if (token !== null && Math.abs(Date.now() - readAt) < TOKEN_LIFETIME_MS) return token
    try {
      readAt = Date.now()
      token = await readSecret(config.hipsTokenKey)
    } catch (error) {
      const consequence = token === null ? 'their lists are not configured' : 'the last one is used'
      logger.warning(`the token for the HiPS trees cannot be read: ${consequence}`, { error })
    }
    return token
  }
}

function notFound(msg: string): HttpError {
  return new HttpError(404, { msg, type: 'hips_not_found' })
}
