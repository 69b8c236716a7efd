import { messageOf } from '../../failure.ts'
import type { Logger } from '../log/log.ts'
import { type ApiRequest, type ApiResponse, type Route, route } from './route.ts'

export interface Delivery {
  /** Name of the operation; that of the path with a topic has `OfTopic` behind it. */
  readonly operation: string
  readonly summary: string
  readonly description: string
  /** What an acknowledgement means. */
  readonly acknowledged: string
  /** Takes what was delivered. What it throws makes the sender deliver it again. */
  take(request: Pick<ApiRequest, 'body' | 'headers'>): Promise<void>
  /** What the log says of a delivery that failed, beside the error. */
  fieldsOf?(body: unknown): Readonly<Record<string, unknown>>
  readonly logger: Logger
}

/**
 * Where a push subscription of Pub/Sub delivers, `POST /`; the stand-ins of Pub/Sub put the name of the topic behind it.
 * 204 acknowledges, anything else asks for another delivery.
 */
export function deliveryRoutes(delivery: Delivery): readonly Route[] {
  const { operation, summary, description, acknowledged } = delivery
  const shared = {
    method: 'POST',
    ...{ summary, description, anonymous: true, ignoresQuery: true, answers: {} },
    body: 'any',
    otherwise: { 204: acknowledged },
    handle: (request: Pick<ApiRequest, 'body' | 'headers'>) => takeDelivery(request, delivery),
  } as const
  return [
    route({ ...shared, path: '/', operation }),
    route({
      ...shared,
      path: '/projects/{project}/topics/{topic}',
      operation: `${operation}OfTopic`,
      params: { project: 'Project of the topic', topic: 'The topic; neither makes a difference' },
    }),
  ]
}

async function takeDelivery(
  request: Pick<ApiRequest, 'body' | 'headers'>,
  { take, fieldsOf, logger }: Delivery,
): Promise<ApiResponse> {
  try {
    await take(request)
    return { status: 204, body: undefined }
  } catch (error) {
    logger.error('the delivery failed and will be repeated', { ...fieldsOf?.(request.body), error })
    const msg = `the delivery failed, deliver it again: ${messageOf(error)}`
    return { status: 500, body: { detail: [{ msg, type: 'delivery_failed' }] } }
  }
}
