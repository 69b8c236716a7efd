import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { decodeSchemas } from '../../../shared/releases/decode-schemas.ts'

/**
 * The files of a folder on disk by name, as a release has them, each read when it is first asked for: of a folder of
 * many schemas usually one or two are wanted.
 */
export class SchemaFolder extends Map<string, string> {
  readonly #folder: string
  readonly #absent = new Set<string>()

  constructor(folder: string) {
    super()
    this.#folder = folder
  }

  /** @throws ArchiveError when the file is not UTF-8, and what the disk says except that there is no such file */
  override get(name: string): string | undefined {
    if (!super.has(name)) this.#read(name)
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

  #read(name: string): void {
    const path = join(this.#folder, name)
    if (name === '' || this.#absent.has(name) || !statSync(path, { throwIfNoEntry: false })?.isFile()) {
      this.#absent.add(name)
      return
    }
    const decoded = decodeSchemas(new Map([[name, readFileSync(path)]]), '', this.#folder).get(name)
    if (decoded !== undefined) this.set(name, decoded)
  }
}
