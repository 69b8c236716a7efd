import { isDeepStrictEqual } from 'node:util'
import { Failure } from '../../failure.ts'
import type { StoredObject } from '../../stored-objects.ts'
import { readArchive } from '../archive.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import type { ReleaseBucket } from '../release-bucket.ts'
import { ArchiveError } from '../release-failures.ts'
import { ARCHIVE_NAME, assembleParts, COLUMNS_NAME, type Part, SNIPPETS_NAME } from './assemble-parts.ts'
import type { BuiltRelease } from './build-release.ts'
import { DESCRIPTION_NAME, readDescription } from './description.ts'
import { ConcurrentPublishError, ReleaseExistsError } from './publish-failures.ts'
import { readZip } from './read-zip.ts'

/** Where releases are published: a bucket, or what stands in for one. */
export interface PublishTarget extends Pick<ReleaseBucket, 'stat' | 'read'> {
  /** Writes over the given generation ('0': there is none); another one there is a Failure `precondition_failed`. */
  save(
    name: string,
    content: Uint8Array,
    options: {
      readonly ifGenerationMatch: string
      readonly contentType: string
      readonly metadata: Readonly<Record<string, string>>
    },
  ): Promise<StoredObject>
}

export interface Destination {
  readonly target: PublishTarget
  /** Of the objects' names: `releases/w.2026.34/`. */
  readonly prefix: string
  /** For messages: `gs://bucket/releases/w.2026.34`. */
  readonly where: string
  /** Whether other content that is there is replaced. */
  readonly replace: boolean
}

export interface PublishedPart {
  readonly name: string
  readonly sha256: string
  readonly bytes: number
  readonly generation: string
  /** false: it was there already. */
  readonly uploaded: boolean
}

export interface PublishOutcome {
  /** completed: an earlier attempt was interrupted. */
  readonly outcome: 'published' | 'replaced' | 'completed' | 'unchanged'
  readonly parts: readonly PublishedPart[]
}

/**
 * Uploads what is not there yet, `schemas.tar.gz` last and only when all else is in place. Run again after an
 * interruption, it does the rest; run again after success, nothing. Every write has a precondition, so of two publishers
 * at the same moment none overwrites the other unnoticed.
 *
 * @throws ReleaseExistsError, ConcurrentPublishError, and what the target throws
 */
export async function uploadRelease(release: BuiltRelease, destination: Destination): Promise<PublishOutcome> {
  const { where, replace } = destination
  const parts = assembleParts(await adoptArchives(release, destination))
  const inspected = await Promise.all(parts.map((part) => inspect(part, destination)))
  const differing = inspected.filter(({ state }) => state === 'other').map(({ part }) => part.name)
  if (differing.length > 0 && !replace) throw new ReleaseExistsError(where, differing)
  const hasArchive = inspected.at(-1)?.state === 'same'
  const done: PublishedPart[] = []
  for (const found of inspected) {
    const isLeft = found.state === 'same' || (found.state === 'equivalent' && hasArchive && !replace)
    if (isLeft) {
      done.push(publishedPart(found.part, found.generation, false))
      continue
    }
    // What the archive's notification starts must find the parts that belong to it.
    if (found.part.name === ARCHIVE_NAME) await verify(done, destination)
    done.push(await upload(found, destination))
  }
  if (done.some(({ uploaded }) => uploaded)) await verify(done, destination)
  return { outcome: nameOutcome(inspected, done), parts: done }
}

/** absent; the same bytes; a description that differs in the commit only; something else. */
type State = 'absent' | 'same' | 'equivalent' | 'other'

interface Inspected {
  readonly part: Part
  readonly state: State
  /** '0': absent. */
  readonly generation: string
}

function nameOutcome(inspected: readonly Inspected[], done: readonly PublishedPart[]): PublishOutcome['outcome'] {
  if (!done.some(({ uploaded }) => uploaded)) return 'unchanged'
  if (inspected.every(({ state }) => state === 'absent')) return 'published'
  const isReplaced = inspected.some(({ state }, index) => {
    return done[index]?.uploaded === true && (state === 'other' || state === 'equivalent')
  })
  return isReplaced ? 'replaced' : 'completed'
}

/** Anything larger than this is other content. */
const READ_LIMIT = 64 * 1024 * 1024

async function inspect(part: Part, { target, prefix }: Destination): Promise<Inspected> {
  const found = await readOrStat(target, prefix + part.name)
  if (found === undefined) return { part, state: 'absent', generation: '0' }
  const { object, content } = found
  return { part, state: compare(part, content), generation: object.generation }
}

function compare(part: Part, content: Buffer | null): State {
  if (content === null) return 'other'
  if (content.equals(part.content)) return 'same'
  return part.name === DESCRIPTION_NAME && isSameButCommit(part.content, content) ? 'equivalent' : 'other'
}

function isSameButCommit(mine: Buffer, theirs: Buffer): boolean {
  const [a, b] = [readDescription(mine), readDescription(theirs)]
  return a !== null && b !== null && isDeepStrictEqual({ ...a, commit: null }, { ...b, commit: null })
}

/** undefined: absent; content null: too large to be of interest. */
async function readOrStat(
  target: PublishTarget,
  name: string,
): Promise<{ readonly object: StoredObject; readonly content: Buffer | null } | undefined> {
  try {
    return await target.read(name, { maxBytes: READ_LIMIT })
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'too_large')) throw error
    const object = await target.stat(name)
    return object === undefined ? undefined : { object, content: null }
  }
}

/** What is packed, and how its files are read again; null: they cannot be. */
const PACKED: readonly {
  readonly field: 'archive' | 'snippets' | 'columns'
  readonly name: string
  readonly read: (content: Buffer) => Promise<unknown> | unknown
}[] = [
  { field: 'archive', name: ARCHIVE_NAME, read: readSchemas },
  { field: 'snippets', name: SNIPPETS_NAME, read: readZip },
  { field: 'columns', name: COLUMNS_NAME, read: readZip },
]

/**
 * An archive of the same files in other bytes, say of another version of the compressor or packed by the tools before
 * ours, is kept as it is: nothing new is to be loaded.
 */
async function adoptArchives(release: BuiltRelease, { target, prefix }: Destination): Promise<BuiltRelease> {
  const adopted = await Promise.all(
    PACKED.map(async ({ field, name, read }) => {
      const mine = release[field]
      const theirs = (await readOrStat(target, prefix + name))?.content ?? null
      if (theirs === null || theirs.equals(mine)) return []
      const [wanted, found] = await Promise.all([read(mine), read(theirs)])
      return found !== null && isDeepStrictEqual(wanted, found) ? [[field, theirs] as const] : []
    }),
  )
  return { ...release, ...Object.fromEntries(adopted.flat()) }
}

/** null: no archive of schemas. */
async function readSchemas(archive: Buffer): Promise<ReadonlyMap<string, string> | null> {
  try {
    return await readArchive(archive, DEFAULT_LIMITS)
  } catch (error) {
    if (error instanceof ArchiveError) return null
    throw error
  }
}

async function upload({ part, generation }: Inspected, destination: Destination): Promise<PublishedPart> {
  const { target, prefix, where, replace } = destination
  const { content, contentType, sha256 } = part
  try {
    const options = { ifGenerationMatch: generation, contentType, metadata: { sha256 } }
    const written = await target.save(prefix + part.name, content, options)
    return publishedPart(part, written.generation, true)
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'precondition_failed')) throw error
    const now = await inspect(part, destination)
    // Somebody else publishes the same.
    if (now.state === 'same') return publishedPart(part, now.generation, false)
    if (now.state !== 'absent' && generation === '0' && !replace) throw new ReleaseExistsError(where, [part.name])
    throw new ConcurrentPublishError(where, part.name, error)
  }
}

/** Finds out whether another publisher has replaced a part in the meantime. */
async function verify(parts: readonly PublishedPart[], { target, prefix, where }: Destination): Promise<void> {
  for (const { name, generation } of parts) {
    const found = await target.stat(prefix + name)
    if (found?.generation !== generation) throw new ConcurrentPublishError(where, name)
  }
}

function publishedPart({ name, sha256, content }: Part, generation: string, uploaded: boolean): PublishedPart {
  return { name, sha256, bytes: content.length, generation, uploaded }
}
