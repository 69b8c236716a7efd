import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../../shared/problem.ts'
import { decodeSchemas } from '../../shared/releases/decode-schemas.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { ArchiveError } from '../../shared/releases/release-failures.ts'
import { describeFileError } from '../terminal/file-error.ts'

/** Where schemas and their resources are read from together: a folder, an archive, standard input. */
export interface SchemaPlace {
  /** Name → text; a file that cannot be read is here too, and its text is none that could be loaded. */
  readonly files: ReadonlyMap<string, string>
  /** What is wrong with the files that cannot be read. */
  readonly unreadable: ReadonlyMap<string, Problem>
  /** The file as the caller knows it. */
  readonly pathOf: (name: string) => string
}

/** One schema that is to be looked at. */
export interface FoundSchema {
  readonly place: SchemaPlace
  /** The file in its place. */
  readonly name: string
}

/** No YAML has this character in it. */
const UNREADABLE = '\0'

/**
 * The schema files of a folder on disk, each read when it is first asked for. Unlike a release, which is whole or
 * refused, it answers for every file by itself.
 */
export function openFolder(folder: string): SchemaPlace {
  const unreadable = new Map<string, Problem>()
  return {
    files: new FolderFiles(folder, unreadable),
    unreadable,
    pathOf: (name) => (folder === '.' ? name : join(folder, name)),
  }
}

/** The files of an archive, which have been read already. */
export function openArchive(path: string, files: ReadonlyMap<string, string>): SchemaPlace {
  const shown = path.replace(/(?<=.)\/+$/, '')
  return { files, unreadable: new Map(), pathOf: (name) => `${shown}/${name}` }
}

/** One file that is nowhere on disk, with the files of the current folder beside it. */
export function openContent(name: string, content: Uint8Array): SchemaPlace {
  const unreadable = new Map<string, Problem>()
  const files = new FolderFiles('.', unreadable)
  files.add(name, content)
  return { files, unreadable, pathOf: (file) => file }
}

class FolderFiles extends Map<string, string> {
  readonly #folder: string
  readonly #unreadable: Map<string, Problem>
  readonly #absent = new Set<string>()

  constructor(folder: string, unreadable: Map<string, Problem>) {
    super()
    this.#folder = folder
    this.#unreadable = unreadable
  }

  override get(name: string): string | undefined {
    if (!super.has(name) && !this.#absent.has(name)) this.#read(name)
    return super.get(name)
  }

  override has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Also those that were not read: they are what a wrong name is compared with. */
  override *keys(): MapIterator<string> {
    const listed = readdirSync(this.#folder).filter((name) => name.endsWith('.yaml') && !name.startsWith('.'))
    yield* new Set([...super.keys(), ...listed])
  }

  add(name: string, content: Uint8Array): void {
    try {
      this.set(name, decodeSchemas(new Map([[name, content]]), '', name).get(name) ?? '')
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      const [complaint] = error.problems
      this.#refuse(name, 'not_utf8', `the file ${complaint?.message ?? 'is not UTF-8 text'}`)
    }
  }

  #read(name: string): void {
    const path = join(this.#folder, name)
    try {
      const found = name === '' ? undefined : statSync(path, { throwIfNoEntry: false })
      if (found === undefined || found.isDirectory()) this.#absent.add(name)
      else if (found.size > DEFAULT_LIMITS.fileBytes) {
        const message = `the file has ${found.size} bytes, over the limit of ${DEFAULT_LIMITS.fileBytes}`
        this.#refuse(name, 'file_too_large', message)
      } else this.add(name, readFileSync(path))
    } catch (error) {
      const reason = describeFileError(error)
      if (reason === undefined) throw error
      this.#refuse(name, 'file_unreadable', `the file cannot be read: ${reason}`)
    }
  }

  #refuse(name: string, code: string, message: string): void {
    this.set(name, UNREADABLE)
    this.#unreadable.set(name, { file: name, path: '', code, severity: 'error', message })
  }
}
