import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { open, rename, rm } from 'node:fs/promises'
import { describeFileError } from '../../terminal/file-error.ts'
import { writeError } from '../../terminal/output.ts'
import { UsageError } from '../../terminal/usage-error.ts'

export interface SavedAnswer {
  readonly bytes: number
  /** Its end, where a VOTable says whether it is complete. */
  readonly tail: string
}

const TAIL_BYTES = 4096

/** Passes an answer on as it is. */
export async function passAnswer(answer: AsyncIterable<Uint8Array>, out: NodeJS.WritableStream): Promise<SavedAnswer> {
  return copyAnswer(answer, async (chunk) => {
    if (!out.write(chunk)) await once(out, 'drain')
  })
}

/**
 * Saves an answer as a file, which is there whole or not at all.
 *
 * @throws UsageError when it cannot be written; what reading the answer throws
 */
export async function saveAnswer(answer: AsyncIterable<Uint8Array>, path: string): Promise<SavedAnswer> {
  const temporary = `${path}.${randomUUID()}.part`
  const file = await open(temporary, 'wx').catch((error: unknown) => {
    throw cannotWrite(path, error)
  })
  const progress = showBytes()
  try {
    const saved = await copyAnswer(answer, async (chunk, bytes) => {
      progress.update(bytes)
      await file.write(chunk).catch((error: unknown) => {
        throw cannotWrite(path, error)
      })
    })
    await file.close()
    await rename(temporary, path).catch((error: unknown) => {
      throw cannotWrite(path, error)
    })
    return saved
  } finally {
    progress.end()
    await file.close()
    await rm(temporary, { force: true })
  }
}

function cannotWrite(path: string, error: unknown): UsageError {
  return new UsageError(`cannot write ${path}: ${describeFileError(error) ?? String(error)}`, error)
}

async function copyAnswer(
  answer: AsyncIterable<Uint8Array>,
  write: (chunk: Uint8Array, bytes: number) => Promise<void>,
): Promise<SavedAnswer> {
  let bytes = 0
  let tail = Buffer.alloc(0)
  for await (const chunk of answer) {
    bytes += chunk.length
    tail = Buffer.concat([tail.subarray(-TAIL_BYTES), chunk.subarray(-TAIL_BYTES)])
    await write(chunk, bytes)
  }
  return { bytes, tail: tail.subarray(-TAIL_BYTES).toString('latin1') }
}

const EVERY_MS = 200

/** On a terminal: how much has arrived, in one line that disappears at the end. */
function showBytes(): { update(bytes: number): void; end(): void } {
  if (!process.stderr.isTTY) return { update() {}, end() {} }
  let drawn = performance.now()
  let isShown = false
  return {
    update(bytes) {
      const now = performance.now()
      if (now - drawn < EVERY_MS) return
      drawn = now
      isShown = true
      writeError(`\r\x1b[K${formatBytes(bytes)} …`)
    },
    end() {
      if (isShown) writeError('\r\x1b[K')
    },
  }
}

export function formatBytes(bytes: number): string {
  if (bytes < 10_000) return `${bytes} bytes`
  return bytes < 10_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`
}
