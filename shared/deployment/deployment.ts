import type pg from 'pg'
import type { Environment } from '../environment/environment.ts'
import type { TapServer } from '../environment/tap-server.ts'
import { type EventPublisher, openPublisher } from '../platform/events.ts'
import { createIdentity, type Identify } from '../platform/identity.ts'
import type { Logger } from '../platform/log/log.ts'
import { openBucket } from '../platform/storage/objects.ts'
import type { ReleaseShelf } from '../releases/publish/list-releases.ts'
import type { ReleaseBucket } from '../releases/release-bucket.ts'
import { loadEnvironment } from './environment-file.ts'
import { connectServers } from './server-connections.ts'

/** What the functions of a deployment work with. */
export interface Deployment {
  readonly environment: Environment
  /** @throws ConnectionError, SecretError, DatabaseAddressError */
  readonly poolFor: (server: TapServer) => Promise<pg.Pool>
  /** The releases bucket; an empty one where the environment names none. */
  readonly bucket: ReleaseBucket & ReleaseShelf
  readonly announce: EventPublisher['publish']
  readonly identify: Identify
  readonly logger: Logger
}

/**
 * Puts together what a function works with. Databases, bucket and topic are reached for when they are needed.
 *
 * @param functionName appears in PostgreSQL as `application_name`
 * @throws EnvironmentError, TopicNameError
 */
export async function openDeployment(functionName: string, logger: Logger): Promise<Deployment> {
  const environment = await loadEnvironment(logger)
  const { releases, storage, topic } = environment
  const connections = connectServers(environment, { applicationName: `almagest ${functionName}`, logger })
  const publisher = openPublisher(topic, logger)
  return {
    environment,
    poolFor: connections.poolFor,
    bucket: releases === null ? NO_BUCKET : openBucket({ bucket: releases.bucket, ...storage }, { logger }),
    announce: publisher.publish,
    identify: createIdentity(environment.identity),
    logger,
  }
}

const NO_BUCKET: Deployment['bucket'] = {
  stat: async () => undefined,
  read: async () => undefined,
  async *list() {},
}
