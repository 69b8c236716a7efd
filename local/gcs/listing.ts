import { compareCodePoints } from '../../shared/code-points.ts'
import { type Operation, parameter, requireBucket } from './context.ts'
import { json } from './exchange.ts'
import { invalid } from './failures.ts'
import type { ObjectResource } from './resource.ts'
import { withRetention } from './retention.ts'
import type { ObjectStore } from './store.ts'

const PAGE_LIMIT = 1000

/** "Objects: list": prefix, delimiter, offsets and pages; objects and prefixes count alike towards a page. */
export const listObjects: Operation = ({ store }, { query }, parameters) => {
  const bucket = parameter(parameters, 'bucket')
  const settings = requireBucket(store, bucket)
  const select = parseFields(query.get('fields'))
  const show = (object: ObjectResource) => select(withRetention(object, settings))
  const limit = pageSize(query.get('maxResults'))
  const items: ObjectResource[] = []
  const prefixes: string[] = []
  for (const entry of entriesAfter(store, bucket, query)) {
    if (items.length + prefixes.length === limit) {
      const nextPageToken = Buffer.from(lastOf(items, prefixes)).toString('base64url')
      return json({ kind: 'storage#objects', nextPageToken, ...found(items, prefixes, show) })
    }
    if (typeof entry === 'string') prefixes.push(entry)
    else items.push(entry)
  }
  return json({ kind: 'storage#objects', ...found(items, prefixes, show) })
}

/** Objects, and prefixes in the place of the objects that they stand for, in order. */
function* entriesAfter(store: ObjectStore, bucket: string, query: URLSearchParams): Generator<ObjectResource | string> {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const end = query.get('endOffset')
  const last = Buffer.from(query.get('pageToken') ?? '', 'base64url').toString()
  const first = [prefix, query.get('startOffset') ?? '', last].sort(compareCodePoints).at(-1) ?? ''
  let previous = ''
  for (const object of store.objectsFrom(bucket, first)) {
    const { name } = object
    if (!name.startsWith(prefix)) return
    if (end !== null && compareCodePoints(name, end) >= 0) return
    const cut = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
    const entry = cut < 0 ? object : name.slice(0, cut + delimiter.length)
    if (typeof entry === 'string' && entry === previous) continue
    previous = typeof entry === 'string' ? entry : ''
    if (last !== '' && compareCodePoints(typeof entry === 'string' ? entry : name, last) <= 0) continue
    yield entry
  }
}

function lastOf(items: readonly ObjectResource[], prefixes: readonly string[]): string {
  const candidates = [items.at(-1)?.name ?? '', prefixes.at(-1) ?? '']
  return candidates.sort(compareCodePoints).at(-1) ?? ''
}

function found(
  items: readonly ObjectResource[],
  prefixes: readonly string[],
  show: (object: ObjectResource) => unknown,
): Record<string, unknown> {
  return { ...(items.length > 0 && { items: items.map(show) }), ...(prefixes.length > 0 && { prefixes }) }
}

function pageSize(maxResults: string | null): number {
  if (maxResults === null) return PAGE_LIMIT
  if (!/^[1-9]\d{0,8}$/.test(maxResults)) throw invalid(`Invalid value for maxResults: ${maxResults}`)
  return Math.min(Number(maxResults), PAGE_LIMIT)
}

/** Partial answers: of `nextPageToken,items(name,size)` the fields of the items; everything else is shown as it is. */
function parseFields(fields: string | null): (object: ObjectResource) => unknown {
  const [, wanted] = /(?:^|,)items\(([^()]*)\)/.exec(fields ?? '') ?? []
  if (wanted === undefined) return (object) => object
  const names = new Set(wanted.split(',').map((name) => name.trim()))
  return (object) => Object.fromEntries(Object.entries(object).filter(([name]) => names.has(name)))
}
