import { writeError } from './output.ts'

/** What is quicker than a second needs no word; every further one is counted. */
const PATIENCE_MS = 1000

/**
 * Runs an operation and, when it takes longer than a second on a terminal, says on stderr what is going on: one line that
 * counts the seconds and disappears at the end.
 */
export async function withProgress<T>(label: string | (() => string), operation: () => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return await operation()
  const stop = countSeconds(label)
  try {
    return await operation()
  } finally {
    stop()
  }
}

function countSeconds(label: string | (() => string)): () => void {
  let seconds = 0
  const timer = setInterval(() => {
    seconds += 1
    writeError(`\r\x1b[K${typeof label === 'string' ? label : label()} … ${seconds} s`)
  }, PATIENCE_MS)
  return () => {
    clearInterval(timer)
    if (seconds > 0) writeError('\r\x1b[K')
  }
}
