import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DATA, HAS_DATA } from './golden.ts'

/** One query of the corpus, as the README beside it describes it. */
export interface CorpusEntry {
  readonly id: string
  readonly origin: string
  readonly adql: string
  readonly valid: boolean
  readonly stage?: 'syntax' | 'resolve'
  readonly tolerable?: boolean
  readonly offset?: number
  readonly udfs?: readonly string[]
}

export function readCorpus(): CorpusEntry[] {
  if (!HAS_DATA) return []
  const folder = join(DATA, 'adql')
  const files = readdirSync(folder).filter((name) => name.startsWith('corpus-'))
  return files.flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as CorpusEntry[])
}
