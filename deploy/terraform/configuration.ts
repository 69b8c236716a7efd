import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from '@cdktf/hcl2json'

/** A value of parsed HCL: literals as they are, everything else as text in `${…}`; a block is an object in an array. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value }
export type Body = { readonly [name: string]: Value }

/** A block with its labels: `resource "google_storage_bucket" "releases"`. */
export interface Block {
  readonly kind: string
  readonly labels: readonly string[]
  readonly body: Body
  /** From the root of the configuration. */
  readonly file: string
}

/** The files of one folder. */
export interface Module {
  /** From the root of the configuration; `.` is the root. */
  readonly folder: string
  readonly blocks: readonly Block[]
}

/** Blocks without labels, and those with one; all others have two. */
const LABELS: Readonly<Record<string, number>> = { terraform: 0, locals: 0 }
const ONE_LABEL = ['provider', 'variable', 'output', 'module', 'check']

/**
 * Parses every `*.tf` below a folder.
 *
 * @throws Error of the parser, with file and line
 */
export async function readConfiguration(root: string): Promise<readonly Module[]> {
  const names = await readdir(root, { recursive: true })
  const files = names.filter((name) => name.endsWith('.tf') && !name.includes('.terraform/')).sort()
  const folders = Map.groupBy(files, (file) => join(file, '..'))
  return Promise.all(
    [...folders].map(async ([folder, members]) => ({
      folder,
      blocks: (
        await Promise.all(members.map(async (file) => parseBlocks(file, await readFile(join(root, file), 'utf8'))))
      ).flat(),
    })),
  )
}

/**
 * @param file from the root of the configuration
 * @throws Error of the parser, with file and line
 */
export async function parseBlocks(file: string, text: string): Promise<readonly Block[]> {
  const tree = (await parse(file, text)) as Body
  return Object.entries(tree).flatMap(([kind, value]) => {
    const depth = LABELS[kind] ?? (ONE_LABEL.includes(kind) ? 1 : 2)
    return unfold(value, depth).map(({ labels, body }) => ({ kind, labels, body, file }))
  })
}

function unfold(value: Value, depth: number): { labels: string[]; body: Body }[] {
  if (depth === 0) return bodiesOf(value).map((body) => ({ labels: [], body }))
  return bodiesOf(value).flatMap((named) =>
    Object.entries(named).flatMap(([label, inner]) =>
      unfold(inner, depth - 1).map(({ labels, body }) => ({ labels: [label, ...labels], body })),
    ),
  )
}

/** The blocks of one name: an array of objects; where labels follow, the object itself. */
export function bodiesOf(value: Value | undefined): readonly Body[] {
  if (value === undefined || value === null || typeof value !== 'object') return []
  if (isList(value)) return value.flatMap(bodiesOf)
  return [value as Body]
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** Whether a text is computed, and not known here. */
export function isExpression(value: Value): value is string {
  return typeof value === 'string' && value.includes('${')
}

/** `resource.google_storage_bucket.releases`, with its folder, for messages. */
export function nameOf(block: Block): string {
  return `${block.file}: ${[block.kind, ...block.labels].join('.')}`
}

/** Every text in a value, however deep. */
export function textsIn(value: Value): readonly string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  return (isList(value) ? value : Object.values(value)).flatMap(textsIn)
}
