import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { withFileErrors } from '../../terminal/file-error.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { type Judging, judge } from './judge.ts'

/** Verdicts are written in pieces of this size: a system call for each would cost more than the verdict. */
const PIECE = 64 * 1024

/**
 * Judges a query a line, each a JSON string, and writes a JSON object a line, in order. Memory does not grow with the
 * number of lines. Says whether all are valid.
 *
 * @throws UsageError for a line that is not a JSON string, with its number; the verdicts before it are written
 */
export async function judgeLines(path: string, by: Judging): Promise<boolean> {
  return withFileErrors(path, async () => {
    const input = path === '-' ? process.stdin : createReadStream(path)
    let number = 0
    let valid = true
    let piece = ''
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (line.trim() === '') continue
      const query = parseLine(line)
      if (query === undefined) {
        await write(piece)
        throw new UsageError(`${path}, line ${number} is not a JSON string: write "SELECT …" in double quotes`)
      }
      const verdict = judge(query, by)
      valid &&= verdict.valid
      piece += `${JSON.stringify(verdict)}\n`
      if (piece.length < PIECE) continue
      await write(piece)
      piece = ''
    }
    await write(piece)
    return valid
  })
}

function parseLine(line: string): string | undefined {
  try {
    const text: unknown = JSON.parse(line)
    return typeof text === 'string' ? text : undefined
  } catch {
    return undefined
  }
}

async function write(piece: string): Promise<void> {
  if (piece !== '' && !process.stdout.write(piece)) await once(process.stdout, 'drain')
}
