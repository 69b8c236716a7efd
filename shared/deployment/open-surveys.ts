import { dirname, resolve } from 'node:path'
import { complaintAboutProperties } from '../discovery/hips-properties.ts'
import { hipsTrees } from '../discovery/hips-trees.ts'
import type { Environment } from '../environment/environment.ts'
import { readSecret } from '../platform/secrets.ts'
import { fetchWithToken } from './fetch-with-token.ts'

/** Surveys hardly ever change. */
const LIFETIME_MS = 600_000
const RETRY_MS = 60_000

/** The properties of the HiPS surveys that have a record of their own, by the URLs of their trees. */
export function openSurveys(environment: Environment): ReadonlyMap<string, () => Promise<string>> {
  const { registry, discovery } = environment
  if (!registry.hipsSurveys) return new Map()
  const datasets = registry.services.flatMap((service) => (service.kind === 'hips' ? [service.dataset] : []))
  const here = datasets.filter((dataset) => discovery.availableDatasets.has(dataset))
  const trees = here.flatMap((dataset) => hipsTrees(discovery, dataset) ?? [])
  return new Map(trees.map(({ url }) => [url, remember(() => readProperties(environment, url))]))
}

async function readProperties({ file, secretsDirectory, discovery }: Environment, url: string): Promise<string> {
  const token = await readSecret(resolve(dirname(file), secretsDirectory), discovery.hipsTokenKey)
  const text = await fetchWithToken(`${url.replace(/\/+$/, '')}/properties`, token)
  const complaint = complaintAboutProperties(text)
  if (complaint !== null) throw new Error(`the file properties of ${url} ${complaint}`)
  return text
}

/** What was read counts for a while, and so does that it could not be. */
function remember(read: () => Promise<string>): () => Promise<string> {
  let known: Promise<string> | undefined
  let until = 0
  return () => {
    if (known !== undefined && performance.now() < until) return known
    const reading = read()
    known = reading
    until = performance.now() + LIFETIME_MS
    reading.catch(() => {
      until = performance.now() + RETRY_MS
    })
    return reading
  }
}
