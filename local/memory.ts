import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the state folder remembers between starts. */
export interface Memory {
  /** The release that the server `tap` takes; null: none was staged yet. */
  readonly chosen: string | null
  /** With which schemas each version was staged last. */
  readonly schemas: Readonly<Record<string, readonly string[]>>
}

const FILE = 'releases.json'

export const NO_MEMORY: Memory = { chosen: null, schemas: {} }

/** null: the folder has never been used. A damaged file counts as an empty one: the databases hold the truth. */
export async function readMemory(folder: string): Promise<Memory | null> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => null)
  return text === null ? null : parseMemory(text)
}

export async function writeMemory(folder: string, memory: Memory): Promise<void> {
  const file = join(folder, FILE)
  await writeFile(`${file}.new`, `${JSON.stringify(memory, null, 2)}\n`)
  await rename(`${file}.new`, file)
}

export function remember(memory: Memory | null, version: string, schemas: readonly string[]): Memory {
  return { chosen: version, schemas: { ...memory?.schemas, [version]: schemas } }
}

function parseMemory(text: string): Memory {
  try {
    const { chosen, schemas } = JSON.parse(text)
    const entries = Object.entries(schemas ?? {}).filter((entry): entry is [string, string[]] => isNames(entry[1]))
    const known = Object.fromEntries(entries)
    return { chosen: typeof chosen === 'string' && Object.hasOwn(known, chosen) ? chosen : null, schemas: known }
  } catch {
    return NO_MEMORY
  }
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string')
}
