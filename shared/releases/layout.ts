import type { Complain } from './release-failures.ts'

/** Where schema files lie below the top folder, the first match of a top folder wins: a GitHub archive has both. */
const LAYOUTS: readonly string[] = ['python/lsst/sdm/schemas', 'yml']

const CANDIDATE = new RegExp(`^(?:[^/]+/)?(?:${LAYOUTS.join('|')})/.+\\.yaml$`)

/** Whether a file may turn out to be a schema, before the whole archive is known. */
export function mayBeSchema(name: string): boolean {
  return CANDIDATE.test(name) && !isResourceFork(name)
}

/** macOS's tar adds a binary `._dp2.yaml` beside each `dp2.yaml`. */
function isResourceFork(name: string): boolean {
  return name.slice(name.lastIndexOf('/') + 1).startsWith('._')
}

/**
 * The folder of an archive whose `*.yaml` files are the release: `python/lsst/sdm/schemas`, else `yml`, in the top
 * folder or in the root. Folders of two top folders are ambiguous.
 */
export function findSchemasFolder(names: Iterable<string>, complain: Complain): string {
  const all = [...names]
  const folders = listSchemasFolders(all)
  const [folder, ...others] = folders
  if (folder === undefined) throw complain('no_schemas', describeAbsence(all))
  if (others.length > 0) {
    throw complain('ambiguous_schemas', `holds several folders of schemas, where one is expected: ${list(folders)}`)
  }
  return folder
}

/** The folder of schemas of each top folder that has one. */
export function listSchemasFolders(names: Iterable<string>): readonly string[] {
  const found = new Map<string, { readonly folder: string; readonly rank: number }>()
  for (const name of names) {
    if (!mayBeSchema(name)) continue
    const folder = folderOf(name)
    const rank = LAYOUTS.findIndex((layout) => folder === layout || folder.endsWith(`/${layout}`))
    const layout = LAYOUTS[rank]
    if (layout === undefined) continue
    const top = folder.slice(0, folder.length - layout.length)
    if (top.split('/').length > 2) continue
    const better = found.get(top)
    if (better === undefined || rank < better.rank) found.set(top, { folder, rank })
  }
  return [...found.values()].map(({ folder }) => folder)
}

function describeAbsence(names: readonly string[]): string {
  const expected = LAYOUTS.map((layout) => `<top folder>/${layout}/*.yaml`).join(' or ')
  if (names.length === 0) return `holds no files; expected ${expected}`
  const yaml = new Set(names.filter((name) => name.endsWith('.yaml')).map((name) => folderOf(name) || '(root)'))
  const where =
    yaml.size > 0 ? `its YAML files lie in ${list([...yaml])}` : `it has no .yaml file; it holds ${list([...names])}`
  return `holds no schemas; expected ${expected}, but ${where}`
}

function folderOf(name: string): string {
  const slash = name.lastIndexOf('/')
  return slash < 0 ? '' : name.slice(0, slash)
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}
