import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import { decodeSchemas } from '../../shared/releases/decode-schemas.ts'
import { listSchemasFolders } from '../../shared/releases/layout.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { ArchiveError } from '../../shared/releases/release-failures.ts'
import { UsageError } from '../terminal/usage-error.ts'
import type { FoundSchema } from './schema-place.ts'

/** A file or folder of a commit, as git names it: `main:yml/dp1.yaml`, `v1.2:./yml`. */
export interface GitPath {
  readonly commit: string
  readonly path: string
}

/** null: not one, or something on disk has this name. */
export function parseGitPath(text: string): GitPath | null {
  // A drive of Windows is one letter.
  const [, commit, path] = /^([^-:\s][^:\s]+):([^:]*)$/.exec(text) ?? []
  return commit === undefined || path === undefined || path.startsWith('/') || existsSync(text)
    ? null
    : { commit, path }
}

/**
 * The schemas that lie there: the file itself, or every `.yaml` below a folder; in a whole repository, those of its folder
 * of schemas. Resources are looked up beside them in the same commit.
 *
 * @throws UsageError when git does not know it
 */
export function findInGit({ commit, path }: GitPath): readonly FoundSchema[] {
  if (
    askGit(['cat-file', '-t', `${commit}:${path}`])
      .toString()
      .trim() === 'blob'
  ) {
    const folder = folderOf(path)
    const place = openTree(commit, folder, false)
    return [{ place, name: posix.basename(path) }]
  }
  const entries = listTree(commit, path, true)
  const [schemas, other] = listSchemasFolders(entries.map(({ name }) => name))
  const folder = schemas !== undefined && other === undefined ? posix.join(path, schemas) : path
  const place = openTree(commit, path.startsWith('./') && !folder.startsWith('.') ? `./${folder}` : folder, true)
  const names = [...place.files.keys()].sort()
  if (names.length === 0) throw new UsageError('there is no .yaml file in this folder')
  return names.map((name) => ({ place, name }))
}

/** Of a path below the folder of the command, also the folder is below it. */
function folderOf(path: string): string {
  const folder = posix.dirname(path)
  if (folder !== '.') return path.startsWith('./') && !folder.startsWith('.') ? `./${folder}` : folder
  return path.startsWith('./') ? './' : ''
}

function openTree(commit: string, folder: string, deep: boolean): FoundSchema['place'] {
  const entries = listTree(commit, folder, deep).filter(({ name }) => name.endsWith('.yaml'))
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`
  const pathOf = (name: string) => `${commit}:${prefix}${name}`
  const large = entries.find(({ size }) => size > DEFAULT_LIMITS.fileBytes)
  if (large !== undefined) {
    throw new UsageError(`${pathOf(large.name)} has ${large.size} bytes, over the limit of ${DEFAULT_LIMITS.fileBytes}`)
  }
  return { files: readBlobs(entries, pathOf), unreadable: new Map(), pathOf }
}

interface TreeEntry {
  readonly name: string
  readonly object: string
  readonly size: number
}

function listTree(commit: string, folder: string, deep: boolean): readonly TreeEntry[] {
  const flags = ['ls-tree', '--full-tree', '-z', '-l', ...(deep ? ['-r'] : []), `${commit}:${folder}`]
  return askGit(flags)
    .toString()
    .split('\0')
    .flatMap((line) => {
      const [, object, size, name] = /^\d+ blob ([0-9a-f]+) +(\d+)\t(.*)$/s.exec(line) ?? []
      return object === undefined || name === undefined ? [] : [{ name, object, size: Number(size) }]
    })
}

function readBlobs(entries: readonly TreeEntry[], pathOf: (name: string) => string): Map<string, string> {
  const content = askGit(['cat-file', '--batch'], entries.map(({ object }) => `${object}\n`).join(''))
  const files = new Map<string, string>()
  let start = 0
  for (const { name, size } of entries) {
    // Each blob stands behind a line that names it, and before a line break.
    start = content.indexOf('\n', start) + 1
    files.set(name, decode(content.subarray(start, start + size), pathOf(name)))
    start += size + 1
  }
  return files
}

function decode(content: Uint8Array, path: string): string {
  try {
    return decodeSchemas(new Map([[path, content]]), '', path).get(path) ?? ''
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    throw new UsageError(`${path} ${error.problems[0]?.message ?? 'is not UTF-8 text'}`, error)
  }
}

const MOST_BYTES = 1 << 30

function askGit(args: readonly string[], input = ''): Buffer {
  const { status, stdout, stderr, error } = spawnSync('git', args, { input, maxBuffer: MOST_BYTES })
  if (error !== undefined) throw new UsageError(`git cannot be asked: ${error.message}`, error)
  if (status === 0) return stdout
  const [complaint = ''] = stderr.toString().split('\n')
  throw new UsageError(`git does not have it: ${complaint.replace(/^fatal: /, '')}`)
}
