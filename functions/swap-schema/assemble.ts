import { loadEnvironment } from '../../shared/platform/environment-file.ts'
import { openPublisher } from '../../shared/platform/events.ts'
import { createIdentity } from '../../shared/platform/identity.ts'
import type { Logger } from '../../shared/platform/log.ts'
import { openBucket } from '../../shared/platform/objects.ts'
import { connectServers } from '../../shared/platform/server-connections.ts'
import type { ReleaseBucket } from '../../shared/releases/bucket.ts'
import type { SwapDependencies } from './swap-schema.ts'

/**
 * Puts together what the function works with, at the first call; afterwards it is at hand. What failed, say for a
 * broken environment file, is tried anew by the next call.
 *
 * Nothing is connected to yet: databases, bucket and topic are reached for when a request needs them.
 *
 * @returns a function that throws EnvironmentError and TopicNameError
 */
export function assembleOnFirstUse(logger: Logger): () => Promise<SwapDependencies> {
  let assembled: Promise<SwapDependencies> | undefined
  return async () => {
    assembled ??= assemble(logger)
    const mine = assembled
    try {
      return await mine
    } catch (error) {
      if (assembled === mine) assembled = undefined
      throw error
    }
  }
}

async function assemble(logger: Logger): Promise<SwapDependencies> {
  const environment = await loadEnvironment(logger)
  const { releases, storage, topic, identity } = environment
  const connections = connectServers(environment, { applicationName: 'almagest swap-schema', logger })
  const publisher = openPublisher(topic, logger)
  return {
    environment,
    poolFor: connections.poolFor,
    bucket: releases === null ? NO_BUCKET : openBucket({ bucket: releases.bucket, ...storage }, { logger }),
    announce: (event, attributes, data) => publisher.publish(event, attributes, data),
    identify: createIdentity(identity),
    logger,
  }
}

/** Of an environment that names none. */
const NO_BUCKET: ReleaseBucket = { stat: async () => undefined, read: async () => undefined }
