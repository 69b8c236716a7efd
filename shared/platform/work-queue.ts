import { Failure, messageOf } from '../failure.ts'

/** Hands out work, by way of a topic (events.ts) or of a queue of Cloud Tasks (task-queue.ts). */
export interface WorkQueue {
  /**
   * Sends one message that has only attributes. What is returned says that it was taken; it comes at least once.
   *
   * @throws QueueError
   */
  send(attributes: Readonly<Record<string, string>>): Promise<void>
}

/** A message was not taken. */
export class QueueError extends Failure {
  /** @param where the topic or the queue */
  constructor(where: string, cause: unknown) {
    super('unavailable', 'queue', `${where} did not take a message: ${messageOf(cause)}`, { cause })
  }
}
