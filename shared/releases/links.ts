import { normaliseName, showName } from './entry-name.ts'
import type { Complain } from './release-failures.ts'
import type { TarContents } from './tar-entries.ts'

/** More hops than any honest archive needs. */
const HOPS = 8

/**
 * A release holds no links. The one exception is the repository's own archive, as GitHub packs it for a tag: there
 * `yml` is a symbolic link to the folder of schemas. A link that leads to a folder of the same archive, from outside
 * the folder of schemas, and under which nothing is filed, is ignored (never followed); every other one is refused.
 */
export function refuseLinks(contents: TarContents, schemasFolder: string | null, complain: Complain): void {
  if (contents.links.size === 0) return
  const folders = foldersOf(contents)
  for (const [name, target] of contents.links) {
    const harmless =
      leadsToFolder(name, contents.links, folders) &&
      !folders.has(name) &&
      (schemasFolder === null || !`${name}/`.startsWith(`${schemasFolder}/`))
    if (harmless) continue
    const message = `is a symbolic link to ${JSON.stringify(showName(target))}; a release holds plain files only`
    throw complain('link', message, showName(name))
  }
}

function foldersOf(contents: TarContents): ReadonlySet<string> {
  const folders = new Set(contents.folders)
  for (const name of [...contents.files.keys(), ...contents.folders, ...contents.links.keys()]) {
    for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
      folders.add(name.slice(0, slash))
    }
  }
  return folders
}

function leadsToFolder(link: string, links: ReadonlyMap<string, string>, folders: ReadonlySet<string>): boolean {
  let name = link
  for (let hop = 0; hop < HOPS; hop += 1) {
    const target = links.get(name)
    if (target === undefined) return folders.has(name)
    const next = resolve(name, target)
    if (next === null) return false
    name = next
  }
  return false
}

/** Where a link leads inside the archive; null: out of it, or nowhere that a path can name. */
function resolve(link: string, target: string): string | null {
  if (target === '' || target.startsWith('/') || target.includes('\\') || /\p{Cc}/u.test(target)) return null
  const path = link.split('/').slice(0, -1)
  for (const segment of target.split('/')) {
    if (segment === '..') {
      if (path.pop() === undefined) return null
    } else {
      path.push(segment)
    }
  }
  const name = normaliseName(path.join('/'))
  return name === '' ? null : name
}
