import { readFile, stat } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { withFileErrors } from '../../terminal/file-error.ts'
import { UsageError } from '../../terminal/usage-error.ts'

/** More than any file name; a longer argument can only be a query. */
const LONGEST_PATH = 1024

/** The text of a query: the argument itself, or that of the file that it names; `-` is standard input. */
export async function readQueryText(argument: string): Promise<string> {
  if (argument === '-') return text(process.stdin)
  if (argument.length > LONGEST_PATH) return argument
  const found = await stat(argument).catch(() => undefined)
  if (found?.isFile()) return withFileErrors(argument, () => readFile(argument, 'utf8'))
  if (/^\S*[./]\S*$/.test(argument)) throw new UsageError(`${argument} is neither a query nor a file`)
  return argument
}
