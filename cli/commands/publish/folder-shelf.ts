import { randomUUID } from 'node:crypto'
import { link, mkdir, open, opendir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../../../shared/failure.ts'
import { PreconditionError, TooLargeError } from '../../../shared/platform/storage/storage-failures.ts'
import type { ReleaseShelf } from '../../../shared/releases/publish/list-releases.ts'
import type { PublishTarget } from '../../../shared/releases/publish/upload-release.ts'
import type { StoredObject } from '../../../shared/stored-objects.ts'

/** The folder cannot be read or written. */
export class FolderError extends Failure {
  constructor(operation: string, path: string, cause: unknown) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    super('unavailable', 'folder', `cannot ${operation} ${path} (${reason})`, { cause })
  }
}

/**
 * A folder laid out like a releases bucket. A file appears whole or not at all; its generation is the time of its last
 * change, in nanoseconds.
 */
export class FolderShelf implements PublishTarget, ReleaseShelf {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async stat(name: string): Promise<StoredObject | undefined> {
    const path = this.#pathOf(name)
    try {
      const found = await stat(path, { bigint: true })
      if (!found.isFile()) return undefined
      return {
        bucket: this.#root,
        name,
        generation: String(found.mtimeNs),
        size: Number(found.size),
        crc32c: null,
        timeCreated: found.mtime.toISOString(),
        contentType: null,
        metadata: {},
      }
    } catch (error) {
      if (isAbsence(error)) return undefined
      throw new FolderError('look up', path, error)
    }
  }

  async read(
    name: string,
    { maxBytes }: { readonly maxBytes: number },
  ): Promise<{ readonly object: StoredObject; readonly content: Buffer } | undefined> {
    const object = await this.stat(name)
    if (object === undefined) return undefined
    const path = this.#pathOf(name)
    if (object.size > maxBytes) throw new TooLargeError(path, object.size, maxBytes)
    try {
      return { object, content: await readFile(path) }
    } catch (error) {
      if (isAbsence(error)) return undefined
      throw new FolderError('read', path, error)
    }
  }

  async save(
    name: string,
    content: Uint8Array,
    { ifGenerationMatch }: { readonly ifGenerationMatch: string },
  ): Promise<StoredObject> {
    const path = this.#pathOf(name)
    const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
    try {
      await mkdir(dirname(path), { recursive: true })
      await writeDurably(temporary, content)
      if (ifGenerationMatch === '0') await create(temporary, path)
      else {
        const found = await this.stat(name)
        if (found?.generation !== ifGenerationMatch) throw new PreconditionError(path, ifGenerationMatch, undefined)
        await rename(temporary, path)
      }
    } catch (error) {
      throw error instanceof Failure ? error : new FolderError('write', path, error)
    } finally {
      // What went wrong before counts more than what is left behind.
      await rm(temporary, { force: true }).catch(() => {})
    }
    const written = await this.stat(name)
    if (written === undefined) throw new FolderError('write', path, 'it disappeared')
    return written
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for await (const name of this.#names('')) {
      if (!name.startsWith(prefix)) continue
      const object = await this.stat(name)
      if (object !== undefined) yield object
    }
  }

  async *#names(folder: string): AsyncGenerator<string> {
    const path = join(this.#root, folder)
    const entries = await opendir(path).catch((error: unknown) => {
      throw new FolderError('list', path, error)
    })
    for await (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      const name = `${folder}${entry.name}`
      if (entry.isDirectory()) yield* this.#names(`${name}/`)
      else yield name
    }
  }

  #pathOf(name: string): string {
    return join(this.#root, ...name.split('/'))
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A second name for the file: unlike a rename, it never takes the place of another file. */
async function create(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw new PreconditionError(path, '0', error)
  }
}
