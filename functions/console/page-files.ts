import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Failure } from '../../shared/failure.ts'
import { lazily } from '../../shared/lazily.ts'
import { Representation } from '../../shared/platform/http/representation.ts'

/** The folder that `npm run build` makes is not there. */
export class PageError extends Failure {
  constructor(folder: string, cause: unknown) {
    super('unavailable', 'console_page', `the page of the console cannot be read from ${folder}: run npm run build`, {
      cause,
    })
  }
}

export interface PageFiles {
  readonly index: Representation
  /** By their names, without `assets/`. */
  readonly assets: ReadonlyMap<string, Representation>
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/**
 * Reads the page when it is first asked for, and keeps it.
 *
 * @throws PageError (by the returned function)
 */
export function pageFiles(folder: string): () => Promise<PageFiles> {
  return lazily(async () => {
    try {
      const now = new Date()
      const names = await readdir(join(folder, 'assets'))
      const read = async (name: string) => {
        const text = await readFile(join(folder, 'assets', name), 'utf8')
        return [name, new Representation(text, TYPES[extname(name)] ?? 'text/plain; charset=utf-8', now)] as const
      }
      const index = new Representation(await readFile(join(folder, 'index.html'), 'utf8'), HTML, now)
      return { index, assets: new Map(await Promise.all(names.map(read))) }
    } catch (error) {
      throw new PageError(folder, error)
    }
  })
}

const HTML = 'text/html; charset=utf-8'
