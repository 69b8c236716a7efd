/** What decides whether a TAP server takes a release by itself. */
export interface Follower {
  readonly name: string
  readonly schemaVersion: string | null
  readonly follow: readonly string[]
}

/**
 * The names of the servers that take a release: those whose `schemaVersion` is its version, or one of whose `follow`
 * patterns matches it (DESIGN §5), in the order given.
 */
export function serversFor(version: string, servers: Iterable<Follower>): readonly string[] {
  return [...servers].filter((server) => takes(server, version)).map((server) => server.name)
}

/** Whether a server takes a release by itself. */
function takes(server: Follower, version: string): boolean {
  return server.schemaVersion === version || server.follow.some((glob) => matchesGlob(glob, version))
}

/**
 * Which versions supersede an upload of `version`, if they were uploaded later and are staged already: so a server ends
 * up with the latest of the releases that it follows, in any order of delivery (DESIGN §5). Nothing supersedes the
 * version that the server is set to.
 */
export function supersededBy(version: string, server: Follower): (other: string) => boolean {
  return server.schemaVersion === version ? () => false : (other) => takes(server, other)
}

/** `*` stands for anything within one path segment, `**` for anything; every other character for itself. */
export function matchesGlob(glob: string, version: string): boolean {
  const tokens = glob.match(/\*{2,}|\*|[^*]/gu) ?? []
  // All positions in the glob that the text read so far can have led to: no backtracking, for any pattern.
  let reached = skipStars(tokens, new Set([0]))
  for (const character of version) {
    const next = new Set<number>()
    for (const position of reached) {
      const token = tokens[position]
      if (token === undefined) continue
      if (token.startsWith('*')) {
        if (token.length > 1 || character !== '/') next.add(position)
      } else if (token === character) {
        next.add(position + 1)
      }
    }
    reached = skipStars(tokens, next)
  }
  return reached.has(tokens.length)
}

/** A star may also stand for nothing. */
function skipStars(tokens: readonly string[], positions: Set<number>): Set<number> {
  for (const position of positions) {
    if (tokens[position]?.startsWith('*')) positions.add(position + 1)
  }
  return positions
}

/** Versions that are overwritten in place (felis.md §10.1); every other one is kept as it was published. */
const MUTABLE: readonly string[] = ['main', 'tickets/**']

export function isMutable(version: string): boolean {
  return MUTABLE.some((glob) => matchesGlob(glob, version))
}
