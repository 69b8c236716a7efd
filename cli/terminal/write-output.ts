import { writeFile } from 'node:fs/promises'
import { describeFileError } from './file-error.ts'
import { UsageError } from './usage-error.ts'

/**
 * Writes what a command makes, to a file or to standard output.
 *
 * @throws UsageError when the file cannot be written
 */
export async function writeOutput(text: string, file: string | undefined): Promise<void> {
  if (file === undefined) {
    process.stdout.write(text)
    return
  }
  await writeFile(file, text).catch((error: unknown) => {
    throw new UsageError(`cannot write ${file}: ${describeFileError(error) ?? String(error)}`, error)
  })
}
