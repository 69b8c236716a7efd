import type { Config } from '../../console/config.ts'
import type { Environment } from '../../shared/environment/environment.ts'

/** What the page is told of its environment: addresses, nothing that is secret. */
export function describeConfig({ console, discovery, servers }: Environment): Config {
  return {
    environment: discovery.environmentName ?? discovery.baseHostname ?? 'almagest',
    ...console,
    servers: [...servers.values()].flatMap(({ name, service }) =>
      service === null ? [] : [{ name, url: service.url, keepsTables: service.userTables !== null }],
    ),
  }
}

/** Nothing runs or is loaded but what belongs to the page; requests go to the services that it is told of. */
export function contentPolicy({ swapSchema, collectResults, discovery, servers }: Config): string {
  const addresses = [swapSchema, collectResults, discovery, ...servers.map(({ url }) => url)]
  const origins = new Set(
    addresses.flatMap((address) => (URL.canParse(address ?? '') ? new URL(address ?? '').origin : [])),
  )
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    ["connect-src 'self'", ...origins].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
