import { describeTapSchema, type PublicReleases } from '../../shared/discovery/tap-schemas.ts'
import { type TapSchemasWatch, watchTapSchemas } from '../../shared/discovery/tap-schemas-watch.ts'
import type { DiscoveryConfig } from '../../shared/environment/discovery/discovery.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { DiscoveryDependencies, DiscoveryOptions } from './dependencies.ts'
import { createDocuments, type Documents } from './documents.ts'
import { createHipsCatalogue, type HipsCatalogue } from './hips-catalogue.ts'
import { createTutorials, type Tutorials } from './tutorials.ts'

/** What the routes answer from. */
export interface Service {
  readonly config: DiscoveryConfig
  readonly dependencies: DiscoveryDependencies
  readonly servers: ReadonlyMap<string, TapServer>
  readonly watch: TapSchemasWatch
  readonly documents: Documents
  readonly hips: HipsCatalogue
  readonly tutorials: Tutorials
  readonly logger: Logger
  /** When this instance began to serve. */
  readonly started: Date
}

export function openService(dependencies: DiscoveryDependencies, options: DiscoveryOptions): Service {
  const { environment } = dependencies
  const { logger, hipsLifetimeMs = 600_000, hipsRetryMs = 30_000, tutorialsLifetimeMs = 60_000 } = options
  const config = environment.discovery
  const watch = watchServers(dependencies, options)
  return {
    config,
    dependencies,
    servers: environment.servers,
    watch,
    documents: createDocuments(environment, watch),
    hips: createHipsCatalogue(config, dependencies, logger, { lifetimeMs: hipsLifetimeMs, retryMs: hipsRetryMs }),
    tutorials: createTutorials(config, dependencies, logger, tutorialsLifetimeMs),
    logger,
    started: new Date(),
  }
}

function watchServers(
  { environment, readLive }: DiscoveryDependencies,
  { logger, tapLifetimeMs = 3_000, tapDeadlineMs = 1_000 }: DiscoveryOptions,
): TapSchemasWatch {
  const { servers } = environment
  const releases = publicReleases(environment)
  return watchTapSchemas({
    servers: [...servers.keys()],
    lifetimeMs: tapLifetimeMs,
    deadlineMs: tapDeadlineMs,
    async read(name) {
      const server = servers.get(name)
      const live = server === undefined ? null : await readLive(server)
      return live === null ? null : describeTapSchema(live, releases, environment.discovery.schemaBrowser)
    },
    onChange(server, error) {
      if (error === undefined) logger.info(`the database of ${server} answers again`, { server })
      else logger.warning(`the database of ${server} does not report what is live`, { server, error })
    },
  })
}

function publicReleases({ releases, discovery }: Environment): PublicReleases | null {
  const baseUrl = discovery.releasesPublicBase
  return releases === null || baseUrl === null
    ? null
    : { bucket: releases.bucket, template: releases.template, baseUrl }
}
