import type { Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TutorialFile, TutorialFolder, TutorialItem, TutorialMenu } from '../../../shared/discovery/tutorials.ts'
import { findNotebookTitle, findPageTitle, titleOfName } from '../../../shared/discovery/tutorials-title.ts'
import { messageOf } from '../../../shared/failure.ts'

export interface ListedTutorials {
  readonly menu: TutorialMenu
  /** Files whose title could not be read; they are listed by their names. */
  readonly complaints: readonly string[]
}

/** Notebooks with pictures in their outputs are large, but not like this. */
const MAX_BYTES = 64 * 1024 * 1024

/** The page that gives a folder its title. */
const FOLDER_PAGE = /^(?:readme|index)\.md$/i

const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '__pycache__', 'venv'])

/** Compares names as people number them: `2_b` comes before `10_a`. */
const NATURAL = new Intl.Collator('en', { numeric: true })

/** The menu of a checkout: its folders, notebooks and pages in the order of their names. */
export async function listTutorials(directory: string): Promise<ListedTutorials> {
  const complaints: string[] = []
  const items = await listFolder(directory, '', complaints)
  return { menu: { items }, complaints }
}

async function listFolder(root: string, path: string, complaints: string[]): Promise<TutorialItem[]> {
  const entries = await readdir(join(root, path), { withFileTypes: true })
  const shown = entries.filter(({ name }) => !name.startsWith('.') && !SKIPPED.has(name))
  shown.sort((a, b) => NATURAL.compare(a.name, b.name) || (a.name < b.name ? -1 : 1))
  const items: TutorialItem[] = []
  for (const entry of shown) {
    const item = await describeEntry(root, path, entry, complaints)
    if (item !== null) items.push(item)
  }
  return items
}

/** null: nothing for the menu. */
async function describeEntry(
  root: string,
  folder: string,
  entry: Dirent,
  complaints: string[],
): Promise<TutorialItem | null> {
  const { name } = entry
  const path = folder === '' ? name : `${folder}/${name}`
  if (entry.isDirectory()) return describeFolder(root, path, name, complaints)
  if (!entry.isFile() || FOLDER_PAGE.test(name)) return null
  const type = /\.ipynb$/i.test(name) ? 'notebook' : /\.md$/i.test(name) ? 'page' : null
  return type === null ? null : { type, name, path, title: await readTitle(root, { type, name, path }, complaints) }
}

async function describeFolder(
  root: string,
  path: string,
  name: string,
  complaints: string[],
): Promise<TutorialFolder | null> {
  const items = await listFolder(root, path, complaints)
  if (items.length === 0) return null
  const names = await readdir(join(root, path))
  const page = names.filter((file) => FOLDER_PAGE.test(file)).sort((a, b) => NATURAL.compare(b, a))[0]
  const described = { type: 'page', name, path: `${path}/${page}` } as const
  const title = page === undefined ? titleOfName(name) : await readTitle(root, described, complaints)
  return { type: 'folder', name, path, title, items }
}

async function readTitle(root: string, file: Omit<TutorialFile, 'title'>, complaints: string[]): Promise<string> {
  const { type, name, path } = file
  const absolute = join(root, path)
  try {
    const { size } = await stat(absolute)
    if (size > MAX_BYTES) throw new RangeError(`it has ${size} bytes`)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(absolute))
    const title = type === 'notebook' ? findNotebookTitle(text) : findPageTitle(text)
    return title ?? titleOfName(name)
  } catch (error) {
    complaints.push(`${path} is listed by its name: ${messageOf(error)}`)
    return titleOfName(name)
  }
}
