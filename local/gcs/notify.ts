import { createPushSubscription, type PushOptions, type PushSubscription } from '../pubsub/push.ts'
import type { EventType, ObjectEvent } from './events.ts'

export interface NotificationOptions extends PushOptions {
  /** Which events are told; OBJECT_FINALIZE unless given. */
  readonly eventTypes?: readonly EventType[]
  readonly bucket?: string
  readonly objectNamePrefix?: string
}

export interface Notifications extends Pick<PushSubscription, 'idle' | 'stop'> {
  /** Takes an event and returns at once. */
  readonly notify: (event: ObjectEvent) => void
}

/** A push subscription to bucket notifications: the data of a message is the object's JSON resource. */
export function createNotifications(options: NotificationOptions): Notifications {
  const { push, idle, stop } = createPushSubscription(options)
  const notify = (event: ObjectEvent) => {
    if (!isWanted(event, options)) return
    push({ data: Buffer.from(JSON.stringify(event.resource)), attributes: event.attributes })
  }
  return { notify, idle, stop }
}

function isWanted({ attributes, resource }: ObjectEvent, options: NotificationOptions): boolean {
  const { eventTypes = ['OBJECT_FINALIZE'], bucket = resource.bucket, objectNamePrefix = '' } = options
  return (
    eventTypes.includes(attributes.eventType) &&
    resource.bucket === bucket &&
    resource.name.startsWith(objectNamePrefix)
  )
}
