import type { DiscoveryConfig } from '../environment/discovery/discovery.ts'

/** What a request can do about a label that is no plain path segment: the URL parser leaves these as they are. */
const RESERVED = /[%/?#\\]/g

/** Where the credentials of an InfluxDB database are read, for the public URL of this service. */
export function credentialsUrl(baseUrl: string, label: string): string {
  const segment = label.replace(RESERVED, encodeURIComponent)
  return new URL(`${withoutSlash(baseUrl)}/discovery/influxdb/${segment}`).href
}

/** Where the HiPS list of a dataset is read. */
export function hipsListUrl(hipsBaseUrl: string, pathPrefix: string, dataset: string): string {
  return new URL(`${withoutSlash(hipsBaseUrl)}${pathPrefix}/${dataset.replace(RESERVED, encodeURIComponent)}/list`).href
}

/** The public URLs that `buildDiscovery` needs. null: the file names neither `discovery.publicBase` nor a host. */
export function ownUrls(config: DiscoveryConfig): { readonly baseUrl: string; readonly hipsBaseUrl: string } | null {
  const { publicBase, pathPrefix } = config
  if (publicBase === null) return null
  return { baseUrl: `${publicBase}${pathPrefix}`, hipsBaseUrl: publicBase }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
