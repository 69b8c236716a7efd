import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { readRelease } from '../cli/commands/release/read-release.ts'
import { UsageError } from '../cli/terminal/usage-error.ts'
import type { SourceFiles } from '../shared/felis/load.ts'
import { complaintAboutVersion } from '../shared/releases/naming.ts'
import type { BuiltRelease } from '../shared/releases/publish/build-release.ts'
import { packRelease } from '../shared/releases/publish/pack-release.ts'
import type { Memory } from './memory.ts'
import { type Sample, SKY } from './sample/sample.ts'

/** What was asked for on the command line. */
export interface ReleaseWish {
  /** An archive, a folder that holds one, or a folder of schemas. */
  readonly path?: string
  readonly version?: string
  readonly schemas?: readonly string[]
}

/** An archive; what makes a release with all that is published beside its archive; null: it lies in the bucket already. */
export type ReleaseContent = Buffer | (() => Promise<BuiltRelease>) | null

/** The release that a TAP server shall have. */
export interface ChosenRelease {
  readonly version: string
  readonly schemas: readonly string[]
  readonly content: ReleaseContent
  /** Its schema files; null: it lies in the bucket already. */
  readonly files: SourceFiles | null
  /** Whether nobody asked for it: then the live release is kept. */
  readonly isDefault: boolean
}

/**
 * Finds out which release the server `tap` shall have: the one that was asked for, else the one of the last start, else
 * the sample.
 *
 * @throws UsageError; ArchiveError for an archive or folder that is no release
 */
export async function chooseRelease(wish: ReleaseWish, memory: Memory | null): Promise<ChosenRelease> {
  if (wish.path !== undefined) return chooseFromDisk(wish.path, wish, memory)
  const isDefault = wish.version === undefined && wish.schemas === undefined
  const version = wish.version ?? memory?.chosen ?? SKY.version
  const known = memory?.schemas[version]
  if (version === SKY.version) return { ...(await chooseSample(SKY, wish.schemas ?? known)), isDefault }
  const schemas = wish.schemas ?? known
  if (schemas === undefined) {
    throw new UsageError(`${version} was not staged here before: give --release PATH, or --schemas if it was uploaded`)
  }
  return { version, schemas, content: null, files: null, isDefault }
}

/** A release of the project's own, to be published as `almagest publish` does it: what discovery links to is then there. */
export async function chooseSample(
  { version, folder, ...sample }: Sample,
  schemas: readonly string[] = sample.schemas,
): Promise<ChosenRelease> {
  const { files } = await readRelease(version, folder)
  const content = async (): Promise<BuiltRelease> => {
    const { buildRelease } = await import('../shared/releases/publish/build-release.ts')
    return buildRelease({ version, commit: null, files, datalink: null, checks: new Set(), loads: [] })
  }
  return { version, schemas, content, files, isDefault: true }
}

async function chooseFromDisk(path: string, wish: ReleaseWish, memory: Memory | null): Promise<ChosenRelease> {
  const version = wish.version ?? versionFor(path)
  const { files, source } = await readRelease(version, path)
  const own = /\.ya?ml$/.test(path) ? [basename(path)] : [...files.keys()]
  const schemas = wish.schemas ?? guessSchemas(own, memory?.schemas[version])
  // The source of an archive is the archive itself, also when the folder around it was given.
  const isArchive = (await stat(source.object)).isFile()
  const content = isArchive && own[0] !== basename(path) ? await readFile(source.object) : await packRelease(files)
  return { version, schemas, content, files, isDefault: false }
}

/** `…/w.2026.34/schemas.tar.gz` and `…/w.2026.34` are both `releases/w.2026.34`. */
function versionFor(path: string): string {
  const full = resolve(path)
  const named = basename(full) === 'schemas.tar.gz' ? dirname(full) : full
  const version = `releases/${basename(named).replace(/\.(tar\.gz|tgz|tar|ya?ml)$/, '')}`
  const complaint = complaintAboutVersion(version)
  if (complaint === null) return version
  throw new UsageError(`${path} gives no name for a release (it ${complaint}): give one with --version`)
}

function guessSchemas(files: readonly string[], before: readonly string[] | undefined): readonly string[] {
  const names = files.filter((file) => file.endsWith('.yaml')).map((file) => file.replace(/\.yaml$/, ''))
  if (before?.every((name) => names.includes(name)) === true) return before
  if (names.length === 1) return names
  throw new UsageError(`say which schemas to serve, with --schemas a,b: the release has ${names.join(', ')}`)
}
