import { readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Failure } from '../../shared/failure.ts'
import type { Problem } from '../../shared/problem.ts'
import { listSchemasFolders } from '../../shared/releases/layout.ts'
import { describeFileError } from '../terminal/file-error.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { findInGit, parseGitPath } from './git-files.ts'
import { type FoundSchema, openArchive, openContent, openFolder, type SchemaPlace } from './schema-place.ts'
import { findSchemasFolder, type SchemasFolder } from './schemas-folder.ts'

/** Something that was named and gives no schemas. */
export interface LostPath {
  readonly path: string
  readonly problem: Problem
  /** The path itself is wrong, not what lies there. */
  readonly isUsage: boolean
}

export interface FoundSchemas {
  readonly schemas: readonly FoundSchema[]
  readonly lost: readonly LostPath[]
  /** Schema files in folders of folders that were named, which `publish` leaves out. */
  readonly leftOut: readonly string[]
}

/** `-`, as it is called in problems. */
export const STANDARD_INPUT = '(standard input)'

const ARCHIVE_NAME = 'schemas.tar.gz'

/**
 * The schemas that arguments of the command line stand for: a YAML file itself; of a folder the `.yaml` files that `publish`
 * takes of it, else the release that lies in it, else every `.yaml` below it; of an archive all its schemas; of a commit of git (`main:yml`) what it has there. What is
 * named twice is there once. A path that leads nowhere is no reason to leave the others out.
 *
 * @throws UsageError when standard input is asked for twice
 */
export async function findSchemas(paths: readonly string[]): Promise<FoundSchemas> {
  if (paths.filter((path) => path === '-').length > 1) throw new UsageError('standard input can be given once only')
  const search: Search = { folders: new Map(), seen: new Set(), leftOut: [] }
  const schemas: FoundSchema[] = []
  const lost: LostPath[] = []
  for (const path of paths) {
    try {
      schemas.push(...(await schemasOf(path, search)))
    } catch (error) {
      lost.push(explainLoss(path, error))
    }
  }
  return { schemas, lost, leftOut: search.leftOut }
}

interface Search {
  /** Files of one folder are read, and used as resources of each other, in one place. */
  readonly folders: Map<string, SchemaPlace>
  readonly seen: Set<string>
  readonly leftOut: string[]
}

async function schemasOf(path: string, search: Search): Promise<FoundSchema[]> {
  if (path === '-') return [{ place: openContent(STANDARD_INPUT, await buffer(process.stdin)), name: STANDARD_INPUT }]
  const inGit = parseGitPath(path)
  if (inGit !== null) return findInGit(inGit).filter(({ place, name }) => isNew(place.pathOf(name), search))
  const found = statSync(path)
  if (found.isDirectory()) return schemasOfFolder(path, search)
  if (/\.(tar(\.\w+)?|tgz|zip)$/i.test(path)) return schemasOfRelease(path, search)
  return schemaOnce(placeOf(dirname(path), search), basename(path), path, search)
}

function placeOf(folder: string, { folders }: Search): SchemaPlace {
  const place = folders.get(folder) ?? openFolder(folder)
  folders.set(folder, place)
  return place
}

function schemaOnce(place: SchemaPlace, name: string, path: string, search: Search): FoundSchema[] {
  // A pipe, as shells make them of `<(…)`, has no path of its own.
  const real = statSync(path).isFile() ? realpathSync(path) : path
  return isNew(real, search) ? [{ place, name }] : []
}

function isNew(path: string, { seen }: Search): boolean {
  if (seen.has(path)) return false
  seen.add(path)
  return true
}

function schemasOfFolder(path: string, search: Search): Promise<FoundSchema[]> | FoundSchema[] {
  const direct = findSchemasFolder(path)
  if (direct !== null) {
    const below = listFiles(direct.folder).filter((name) => name.includes('/') && name.endsWith('.yaml'))
    search.leftOut.push(...below.map((name) => join(direct.folder, name)))
    return schemasOfFiles(direct, search)
  }
  const names = listFiles(path)
  if (names.includes(ARCHIVE_NAME)) return schemasOfRelease(join(path, ARCHIVE_NAME), search)
  const [nested, other] = listSchemasFolders(names)
  if (nested !== undefined && other === undefined) {
    const folder = join(path, nested)
    return schemasOfFiles(findSchemasFolder(folder) ?? { folder, names: [] }, search)
  }
  if (other !== undefined) return schemasOfRelease(path, search)
  const schemas = names.filter((name) => name.endsWith('.yaml')).sort()
  if (schemas.length === 0) throw new UsageError('there is no .yaml file in this folder')
  return schemasOfFiles({ folder: path, names: schemas }, search)
}

function schemasOfFiles({ folder, names }: SchemasFolder, search: Search): FoundSchema[] {
  const place = placeOf(folder, search)
  return names.flatMap((name) => schemaOnce(place, name, join(folder, name), search))
}

async function schemasOfRelease(path: string, { seen }: Search): Promise<FoundSchema[]> {
  const real = realpathSync(path)
  if (seen.has(real)) return []
  seen.add(real)
  const { readRelease } = await import('../commands/release/read-release.ts')
  const { files } = await readRelease('local', path)
  const place = openArchive(path, files)
  return [...files.keys()].sort().map((name) => ({ place, name }))
}

/** Names of the files below a folder, without hidden ones and installed packages. */
function listFiles(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return []
    const name = `${prefix}${entry.name}`
    if (entry.isDirectory()) return listFiles(folder, `${name}/`)
    const isFile = entry.isFile() || (entry.isSymbolicLink() && leadsToFile(join(folder, name)))
    return isFile ? [name] : []
  })
}

function leadsToFile(link: string): boolean {
  return statSync(link, { throwIfNoEntry: false })?.isFile() ?? false
}

function explainLoss(path: string, error: unknown): LostPath {
  const place = { file: path, path: '', severity: 'error' } as const
  const reason = describeFileError(error)
  if (reason !== undefined) {
    return { path, problem: { ...place, code: 'file_unreadable', message: `cannot be read: ${reason}` }, isUsage: true }
  }
  if (!(error instanceof Failure)) throw error
  const message = error.message.startsWith(`${path}: `) ? error.message.slice(path.length + 2) : error.message
  return { path, problem: { ...place, code: error.code, message }, isUsage: error instanceof UsageError }
}
