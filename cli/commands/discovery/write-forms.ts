import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { UsageError } from '../../terminal/usage-error.ts'
import type { DescribedEnvironment } from './describe-environments.ts'

/** One file for each environment, each there as a whole or not at all. Says their paths. */
export async function writeForms(
  folder: string,
  described: readonly DescribedEnvironment[],
): Promise<readonly string[]> {
  const named = described.map(({ file, text }) => ({ file, text, path: join(folder, nameOf(file)) }))
  for (const { file, path } of named) {
    const other = named.find((candidate) => candidate.path === path && candidate.file !== file)
    if (other !== undefined) throw new UsageError(`${file} and ${other.file} would both become ${path}`)
  }
  try {
    await mkdir(folder, { recursive: true })
    for (const { path, text } of named) await writeWhole(path, text)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new UsageError(`cannot write to ${folder} (${error.code})`, error)
  }
  return named.map(({ path }) => path)
}

function nameOf(file: string): string {
  return `${basename(file).replace(/\.ya?ml$/i, '')}.json`
}

async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`
  try {
    await writeFile(beside, text)
    await rename(beside, path)
  } finally {
    await rm(beside, { force: true })
  }
}
