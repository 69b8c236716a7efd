import { complaintAboutProperties, describeTree, joinTrees } from './hips-properties.ts'

/** One HiPS tree of a dataset. */
export interface HipsTree {
  /** Where it is served; its properties lie below. */
  readonly url: string
}

export interface HipsListOptions {
  /** Fetches a text with the credentials for the trees; throws for anything but a 200 in time. */
  readonly fetchText: (url: string) => Promise<string>
  /** How long fetched properties are served without asking again. */
  readonly lifetimeMs: number
  /** How long a tree that failed is not asked again. */
  readonly retryMs: number
  /** Told when a tree cannot be listed as it is now (`kept`: its last properties still are), and when it can again. */
  readonly onChange: (url: string, error: unknown, kept: boolean) => void
  readonly now?: () => number
}

export interface HipsList {
  /** The records of the trees that could be read, in the order of the configuration. */
  readonly text: string
  /** URLs of the trees that are missing. */
  readonly missing: readonly string[]
}

export interface HipsLists {
  /** All trees are asked at once; what is too old is served once more while it is fetched again. */
  list(trees: readonly HipsTree[]): Promise<HipsList>
  /** Trees whose last fetch failed. */
  failing(): readonly string[]
}

interface CachedTree {
  readonly url: string
  record: string | null
  fetchedAt: number
  askedAt: number
  failed: boolean
  flight: Promise<void> | undefined
}

export function createHipsLists(options: HipsListOptions): HipsLists {
  const cache = new Map<string, CachedTree>()
  const { now = Date.now } = options
  const list = async (trees: readonly HipsTree[]): Promise<HipsList> => {
    const cached = trees.map(({ url }) => cachedTree(cache, url))
    await Promise.all(cached.map((tree) => refresh(tree, options, now)))
    const records = cached.flatMap(({ record }) => record ?? [])
    return {
      text: joinTrees(records),
      missing: cached.filter(({ record }) => record === null).map(({ url }) => url),
    }
  }
  const failing = () => [...cache.values()].filter(({ failed }) => failed).map(({ url }) => url)
  return { list, failing }
}

function cachedTree(cache: Map<string, CachedTree>, url: string): CachedTree {
  const never = Number.NEGATIVE_INFINITY
  const tree = cache.get(url) ?? {
    url,
    record: null,
    fetchedAt: never,
    askedAt: never,
    failed: false,
    flight: undefined,
  }
  cache.set(url, tree)
  return tree
}

/** Waits only for a tree of which nothing is known. */
async function refresh(tree: CachedTree, options: HipsListOptions, now: () => number): Promise<void> {
  const isOlder = (time: number, milliseconds: number) => Math.abs(now() - time) >= milliseconds
  const due = tree.failed ? isOlder(tree.askedAt, options.retryMs) : isOlder(tree.fetchedAt, options.lifetimeMs)
  if (due) tree.flight ??= fetchTree(tree, options, now)
  if (tree.record === null) await tree.flight
}

async function fetchTree(tree: CachedTree, options: HipsListOptions, now: () => number): Promise<void> {
  tree.askedAt = now()
  try {
    const properties = await options.fetchText(`${tree.url}/properties`)
    const complaint = complaintAboutProperties(properties)
    if (complaint !== null) throw new Error(`${tree.url}/properties ${complaint}`)
    tree.record = describeTree(properties, tree.url)
    tree.fetchedAt = now()
    if (tree.failed) options.onChange(tree.url, undefined, true)
    tree.failed = false
  } catch (error) {
    if (!tree.failed) options.onChange(tree.url, error, tree.record !== null)
    tree.failed = true
  } finally {
    tree.flight = undefined
  }
}
