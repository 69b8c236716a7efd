import type { HipsList } from '../../shared/discovery/hips-lists.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { Representation } from '../../shared/platform/http/representation.ts'
import type { ApiRequest, Route } from '../../shared/platform/http/route.ts'
import { publicRoute } from './public-route.ts'
import type { Service } from './service.ts'

/** Trees change rarely; a list that lacks one must not be kept in caches. */
const COMPLETE = 'public, max-age=300, stale-if-error=86400'
const INCOMPLETE = 'public, max-age=5'

/** The HiPS lists of the datasets (HiPS 1.0 §5.3), where the configuration has them, and under the older path. */
export function hipsRoutes({ config, hips }: Service): readonly Route[] {
  if (config.hips === null) return []
  const represented = new Map<string, Representation>()
  const answer = (dataset: string, { text, missing }: HipsList, headers: ApiRequest['headers']) => {
    if (text === '' && missing.length > 0) throw nothingThere(dataset)
    const before = represented.get(dataset)
    const now = new Date()
    const latest = before?.replace(text, now) ?? new Representation(text, 'text/plain; charset=utf-8', now)
    represented.set(dataset, latest)
    return latest.answer(headers, missing.length > 0 ? INCOMPLETE : COMPLETE)
  }
  const about = {
    summary: 'The HiPS list of a dataset (HiPS 1.0 §5.3)',
    answers: { text: 'text/plain' },
    cacheable: true,
    errors: [404, 503],
  } as const
  const list = publicRoute({
    ...about,
    path: `${config.hips.pathPrefix}/{dataset}/list`,
    operation: 'listHips',
    params: { dataset: 'Label of a dataset' },
    async handle({ params, headers }) {
      const dataset = params.dataset ?? ''
      return answer(dataset, await hips.list(dataset), headers)
    },
  })
  if (config.hips.legacy === null) return [list]
  const legacy = publicRoute({
    ...about,
    path: `${config.hips.legacy.pathPrefix}/list`,
    operation: 'listLegacyHips',
    async handle({ headers }) {
      const { dataset, list } = await hips.listLegacy()
      return answer(dataset, list, headers)
    },
  })
  return [legacy, list]
}

function nothingThere(dataset: string): HttpError {
  const msg = `none of the HiPS trees of ${dataset} can be read at the moment`
  return new HttpError(503, { msg, type: 'hips_unavailable' }, { headers: { 'retry-after': '30' } })
}
