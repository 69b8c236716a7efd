import { writeError, writeNote } from './output.ts'

/** What is quicker than a second needs no word; on a terminal every further one is counted. */
const PATIENCE_MS = 1000

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
  let seconds = 0
  const timer = setInterval(() => {
    seconds += 1
    writeError(`\r\x1b[K${label} … ${seconds} s`)
  }, PATIENCE_MS)
  return () => {
    clearInterval(timer)
    if (seconds > 0) writeError('\r\x1b[K')
  }
}

function announceLate(label: string): () => void {
  const timer = setTimeout(() => writeNote(`${label} …`), PATIENCE_MS)
  return () => clearTimeout(timer)
}
