import { writeError, writeNote } from './output.ts'

/** What is quicker than this needs no word. */
const PATIENCE_MS = 1000
const TICK_MS = 250

/**
 * Runs an operation and, when it takes longer than a second, says on stderr what is going on: on a terminal one line
 * that counts the seconds and disappears at the end, elsewhere one plain line.
 */
export async function withProgress<T>(label: string, operation: () => Promise<T>): Promise<T> {
  const stop = process.stderr.isTTY ? countSeconds(label) : announceLate(label)
  try {
    return await operation()
  } finally {
    stop()
  }
}

function countSeconds(label: string): () => void {
  const started = performance.now()
  let shown = false
  const timer = setInterval(() => {
    const seconds = (performance.now() - started) / 1000
    if (seconds * 1000 < PATIENCE_MS) return
    shown = true
    writeError(`\r\x1b[K${label} … ${Math.floor(seconds)} s`)
  }, TICK_MS)
  return () => {
    clearInterval(timer)
    if (shown) writeError('\r\x1b[K')
  }
}

function announceLate(label: string): () => void {
  const timer = setTimeout(() => writeNote(`${label} …`), PATIENCE_MS)
  return () => clearTimeout(timer)
}
