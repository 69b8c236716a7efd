const PAUSES_MS = [40, 80, 160, 320, 640]
const LONGEST_PAUSE_MS = 1_000

/** Between looks at a query that somebody waits for: short at first, then one second (spec/qserv.md §1.8). */
export function pauseMs(turn: number): number {
  return PAUSES_MS[turn] ?? LONGEST_PAUSE_MS
}

/** @throws the reason of `over` */
export function pause(milliseconds: number, over?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (over?.aborted === true) return reject(over.reason)
    const abort = () => {
      clearTimeout(timer)
      reject(over?.reason)
    }
    const timer = setTimeout(() => {
      over?.removeEventListener('abort', abort)
      resolve()
    }, milliseconds)
    over?.addEventListener('abort', abort, { once: true })
  })
}
