import type { ObjectResource } from './resource.ts'

export type EventType = 'OBJECT_FINALIZE' | 'OBJECT_DELETE' | 'OBJECT_METADATA_UPDATE'

/** A change of an object, as a bucket's Pub/Sub notification tells it with payload format JSON_API_V1. */
export interface ObjectEvent {
  readonly attributes: Readonly<Record<string, string>> & { readonly eventType: EventType }
  readonly resource: ObjectResource
}

export type ObjectEventListener = (event: ObjectEvent) => void

/** Attributes of "Pub/Sub notifications for Cloud Storage"; `extra` tells which generation took the place of which. */
export function objectEvent(
  eventType: EventType,
  resource: ObjectResource,
  extra: { readonly overwroteGeneration?: string; readonly overwrittenByGeneration?: string } = {},
): ObjectEvent {
  const attributes = {
    notificationConfig: `projects/_/buckets/${resource.bucket}/notificationConfigs/1`,
    eventType,
    payloadFormat: 'JSON_API_V1',
    bucketId: resource.bucket,
    objectId: resource.name,
    objectGeneration: resource.generation,
    eventTime: new Date().toISOString(),
    ...extra,
  }
  return { attributes, resource }
}
