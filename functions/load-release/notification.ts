import { isRecord } from '../../shared/is-record.ts'
import { isGeneration } from '../../shared/platform/generation.ts'

/** An upload to a bucket, as its notification describes it. */
export interface Upload {
  readonly bucket: string
  readonly object: string
  readonly generation: string
  readonly messageId: string
}

export type Notification =
  | { readonly kind: 'upload'; readonly upload: Upload }
  /** A notification of something that is not ours to act on. */
  | { readonly kind: 'other'; readonly reason: string }
  /** Not a GCS notification at all: delivering it again cannot help. */
  | { readonly kind: 'malformed'; readonly reason: string }

/**
 * Reads a GCS notification (Cloud Storage documentation, Pub/Sub notifications: attributes and JSON_API_V1 payload) out
 * of what the functions framework passes on, which is anything that was posted: a CloudEvent
 * `google.cloud.pubsub.topic.v1.messagePublished`, the same made from a raw push body, or the raw body itself.
 */
export function readNotification(event: unknown): Notification {
  if (!isRecord(event)) return malformed('the body is not an object')
  const { type } = event
  if (type !== undefined && type !== MESSAGE_PUBLISHED) {
    return { kind: 'other', reason: `an event of type ${JSON.stringify(type)}` }
  }
  const envelope = type === undefined ? event : event.data
  const message = isRecord(envelope) ? envelope.message : undefined
  if (!isRecord(message)) return malformed('there is no Pub/Sub message in it')
  const attributes = message.attributes
  if (!isRecord(attributes)) return malformed('the Pub/Sub message has no attributes')
  const { eventType, bucketId, objectId, objectGeneration } = attributes
  if (typeof eventType !== 'string') return malformed('the attribute eventType is missing')
  if (eventType !== 'OBJECT_FINALIZE') return { kind: 'other', reason: `a notification of ${eventType}` }
  if (!isText(bucketId) || !isText(objectId)) return malformed('the attributes bucketId and objectId are missing')
  if (!isText(objectGeneration) || !isGeneration(objectGeneration)) {
    return malformed('the attribute objectGeneration is not a generation')
  }
  const messageId = isText(message.messageId) ? message.messageId : ''
  const upload: Upload = { bucket: bucketId, object: objectId, generation: objectGeneration, messageId }
  const disagreement = checkPayload(message.data, attributes.payloadFormat, upload)
  return disagreement === null ? { kind: 'upload', upload } : malformed(disagreement)
}

const MESSAGE_PUBLISHED = 'google.cloud.pubsub.topic.v1.messagePublished'

/** The payload repeats the attributes; one that differs is not from Cloud Storage. */
function checkPayload(data: unknown, format: unknown, upload: Upload): string | null {
  if (format === 'NONE') return null
  if (format !== 'JSON_API_V1') return `the payload format ${JSON.stringify(format)} is not one of Cloud Storage's`
  if (typeof data !== 'string') return 'the payload is missing'
  const resource = parseJson(Buffer.from(data, 'base64').toString('utf8'))
  if (!isRecord(resource)) return 'the payload is not a JSON object'
  const { bucket, name: object, generation } = resource
  // A stand-in may write a number, which has lost digits by now.
  const isRounded = typeof generation === 'number' && generation === Number(upload.generation)
  const said = { bucket, object, generation: isRounded ? upload.generation : generation }
  for (const field of ['bucket', 'object', 'generation'] as const) {
    if (said[field] !== upload[field]) return `payload and attributes disagree about the ${field}`
  }
  return null
}

function malformed(reason: string): Notification {
  return { kind: 'malformed', reason }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
