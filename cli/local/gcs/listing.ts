import { type Operation, parameter, requireObjects } from './context.ts'
import { json } from './exchange.ts'
import { invalid } from './failures.ts'
import type { ObjectResource } from './resource.ts'
import { compareNames } from './store.ts'

const PAGE_LIMIT = 1000

/** "Objects: list": prefix, delimiter, offsets and pages; objects and prefixes count alike towards a page. */
export const listObjects: Operation = ({ store }, { query }, parameters) => {
  const objects = requireObjects(store, parameter(parameters, 'bucket'))
  const limit = pageSize(query.get('maxResults'))
  const items: ObjectResource[] = []
  const prefixes: string[] = []
  for (const entry of entriesAfter(objects, query)) {
    if (items.length + prefixes.length === limit) {
      const nextPageToken = Buffer.from(lastOf(items, prefixes)).toString('base64url')
      return json({ kind: 'storage#objects', nextPageToken, ...found(items, prefixes) })
    }
    if (typeof entry === 'string') prefixes.push(entry)
    else items.push(entry)
  }
  return json({ kind: 'storage#objects', ...found(items, prefixes) })
}

/** Objects, and prefixes in the place of the objects that they stand for, in order. */
function* entriesAfter(objects: readonly ObjectResource[], query: URLSearchParams): Generator<ObjectResource | string> {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const start = query.get('startOffset') ?? ''
  const end = query.get('endOffset')
  const last = Buffer.from(query.get('pageToken') ?? '', 'base64url').toString()
  let previous = ''
  for (const object of objects) {
    const { name } = object
    if (!name.startsWith(prefix) || compareNames(name, start) < 0) continue
    if (end !== null && compareNames(name, end) >= 0) return
    const cut = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
    const entry = cut < 0 ? object : name.slice(0, cut + delimiter.length)
    if (typeof entry === 'string' && entry === previous) continue
    previous = typeof entry === 'string' ? entry : ''
    if (last !== '' && compareNames(typeof entry === 'string' ? entry : name, last) <= 0) continue
    yield entry
  }
}

function lastOf(items: readonly ObjectResource[], prefixes: readonly string[]): string {
  const candidates = [items.at(-1)?.name ?? '', prefixes.at(-1) ?? '']
  return candidates.sort(compareNames).at(-1) ?? ''
}

function found(items: readonly ObjectResource[], prefixes: readonly string[]): Record<string, unknown> {
  return { ...(items.length > 0 && { items }), ...(prefixes.length > 0 && { prefixes }) }
}

function pageSize(maxResults: string | null): number {
  if (maxResults === null) return PAGE_LIMIT
  if (!/^[1-9]\d{0,8}$/.test(maxResults)) throw invalid(`Invalid value for maxResults: ${maxResults}`)
  return Math.min(Number(maxResults), PAGE_LIMIT)
}
