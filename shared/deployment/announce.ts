import { messageOf } from '../failure.ts'
import type { Logger } from '../platform/log/log.ts'
import type { Item, UwsEvent } from '../uws/event.ts'
import type { Job } from '../uws/job.ts'
import { publishOwed } from '../uws/publish-events.ts'
import type { JobBackend } from './served-tap.ts'

/**
 * Publishes at once what has happened to an item. What cannot be published now is owed, and the watcher does it: this never
 * throws.
 */
export async function announce({ pool, events }: JobBackend, item: Item, logger: Logger): Promise<void> {
  if (events === null) return
  try {
    await publishOwed(pool, item, (event) => sendEvent(events, event))
  } catch (error) {
    logger.error(`events are still owed: ${messageOf(error)}`, { ...item, error })
  }
}

/** The same for a job, and for what it means for its owner's quota. */
export async function announceJob(
  backend: JobBackend,
  { server, id, owner }: Pick<Job, 'server' | 'id' | 'owner'>,
  logger: Logger,
): Promise<void> {
  await Promise.all([
    announce(backend, { server, type: 'job', id }, logger),
    owner !== null && announce(backend, { server, type: 'user', id: owner }, logger),
  ])
}

/** An event as a message: attributes for filters, all of it as the data. */
export function sendEvent(events: NonNullable<JobBackend['events']>, event: UwsEvent): Promise<void> {
  const { sequence, kind, item, owner, data } = event
  const attributes = {
    ...{ event: kind, server: item.server, type: item.type, item: item.id, sequence },
    ...(owner === null ? {} : { owner }),
    ...(typeof data.phase === 'string' ? { phase: data.phase } : {}),
  }
  return events.send(attributes, describeEvent(event), `${item.server}/${item.type}/${item.id}`)
}

/** An event in JSON. */
export function describeEvent({ sequence, kind, item, owner, occurred, data }: UwsEvent) {
  const { server, type, id } = item
  return { sequence: Number(sequence), event: kind, server, type, item: id, owner, time: occurred.toISOString(), data }
}
