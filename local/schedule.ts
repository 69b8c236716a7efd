import { messageOf } from '../shared/failure.ts'

export interface ScheduleOptions {
  /** What is posted to. */
  readonly url: string
  readonly everyMs: number
  /** Told of a call that failed; the next one comes all the same. */
  readonly onFailure: (reason: string) => void
}

/**
 * Calls a function again and again, as Cloud Scheduler does; a call that takes longer than the pause makes the next one
 * late.
 *
 * @returns a function that ends it, and breaks off a call that is under way
 */
export function startSchedule({ url, everyMs, onFailure }: ScheduleOptions): () => Promise<void> {
  const stopping = new AbortController()
  let calling: Promise<void> | null = null
  const call = async () => {
    try {
      const answer = await fetch(url, { method: 'POST', signal: stopping.signal })
      const text = await answer.text()
      if (!answer.ok) onFailure(`${url} answered ${answer.status}: ${text.slice(0, 300)}`)
    } catch (error) {
      if (!stopping.signal.aborted) onFailure(messageOf(error))
    }
  }
  const timer = setInterval(() => {
    calling ??= call().finally(() => {
      calling = null
    })
  }, everyMs)
  return async () => {
    clearInterval(timer)
    stopping.abort()
    await calling
  }
}
