import { join } from 'node:path'
import type { Command } from 'commander'
import type { Check } from '../../shared/felis/context.ts'
import { showControls } from '../../shared/printable.ts'
import type { Problem } from '../../shared/problem.ts'
import type { BuiltRelease } from '../../shared/releases/publish/build-release.ts'
import type { SchemaDescription } from '../../shared/releases/publish/description.ts'
import type { PublishedPart, PublishOutcome } from '../../shared/releases/publish/upload-release.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { writeProblems } from '../terminal/report-failure.ts'
import { formatTable, terminalWidth } from '../terminal/table.ts'
import { addExamples } from './examples.ts'
import { parseText, parseVersion } from './parsers.ts'
import { type Location, parseCommit, parseEndpoint, parseLocation, showLocation } from './publish/location.ts'

interface PublishFlags extends OutputOptions {
  readonly version: string
  readonly to: Location
  readonly datalink?: string
  readonly commit?: string
  readonly replace?: boolean
  readonly dryRun?: boolean
  readonly environment?: string
  readonly apiEndpoint?: string
  readonly checkDescription?: boolean
  readonly checkRedundantDatatypes?: boolean
  readonly checkTapTableIndexes?: boolean
  readonly checkTapPrincipal?: boolean
  readonly quiet?: boolean
}

export function declare(command: Command): void {
  command
    .argument('<dir>', 'folder of Felis files (*.yaml), or a checkout of the repository that has them', parseText)
    .requiredOption('--version <version>', 'the name of the release: releases/w.2026.34, main, tickets/…', parseVersion)
    .requiredOption('--to <location>', 'gs://BUCKET, gs://BUCKET/PREFIX or a folder', parseLocation)
    .option('--datalink <dir>', 'folder of datalink-manifest.json, its *.xml and columns-*.yaml', parseText)
    .option('--commit <sha>', 'the commit that is published, for release.json', parseCommit)
    .option('--replace', 'replace other content; main and tickets/… are always replaced')
    .option('--dry-run', 'check and pack, and upload nothing')
    .option('--environment <file>', 'check also what its TAP servers will load; it may name an emulator', parseText)
    .option('--api-endpoint <url>', 'address of a stand-in for Cloud Storage', parseEndpoint)
    .option('--check-description', 'every object has a description of at least three characters')
    .option('--check-redundant-datatypes', 'no datatype that says what is the default')
    .option('--check-tap-table-indexes', 'every table has a TAP table index of its own')
    .option('--check-tap-principal', 'every table has a principal column')
    .option('-q, --quiet', 'print nothing but errors')
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(
    command,
    [
      'publish --version releases/w.2026.34 --to gs://sdm-releases --datalink datalink --commit "$GITHUB_SHA" yml',
      'publish --version main --to ./releases yml',
    ],
    [
      'Uploads datalink-columns.zip, datalink-snippets.zip, release.json and, when all of them are there, schemas.tar.gz.',
      'Nothing is uploaded if anything is wrong. The same content again changes nothing; after an interruption, run it again.',
    ],
  )
}

interface PublishResult {
  /** checked: a dry run. */
  readonly outcome: PublishOutcome['outcome'] | 'checked'
  readonly version: string
  readonly location: string
  readonly commit: string | null
  readonly files: readonly (Omit<PublishedPart, 'generation'> & { readonly generation: string | null })[]
  readonly schemas: readonly SchemaDescription[]
  readonly services: readonly string[]
  readonly warnings: readonly Problem[]
}

async function run(path: string, flags: PublishFlags): Promise<void> {
  endOnInterrupt('interrupted: run it again, and it uploads what is missing')
  const { buildRelease } = await import('../../shared/releases/publish/build-release.ts')
  const { readDatalinkFiles, readSchemaFiles } = await import('./publish/read-sources.ts')
  const { version, to, commit = null } = flags
  const environment = await readEnvironment(flags)
  const { listExpectedLoads } = await import('./publish/expected-loads.ts')
  const { folder, files } = await readSchemaFiles(version, path)
  const datalink = flags.datalink === undefined ? null : await readDatalinkFiles(flags.datalink)
  const pathOf = (file: string) => {
    if (files.has(file)) return join(folder, file)
    return flags.datalink !== undefined && datalink?.has(file) === true ? join(flags.datalink, file) : file
  }
  const loads = environment === null ? [] : listExpectedLoads(environment, version, to)
  const release = await withProgress('checking and packing', () =>
    buildRelease({ version, commit, files, datalink, checks: chosenChecks(flags), loads, pathOf }),
  )
  const apiEndpoint = flags.apiEndpoint ?? environment?.storage.apiEndpoint ?? null
  const result = await withProgress(`publishing ${version}`, () => deliver(release, flags, apiEndpoint))
  if (flags.quiet) return
  writeResult(result, flags, describeResult)
  if (flags.json !== true) writeProblems(release.warnings)
}

async function readEnvironment({ environment }: PublishFlags) {
  if (environment === undefined) return null
  const { loadEnvironment } = await import('../../shared/deployment/environment-file.ts')
  return loadEnvironment({ ...SILENT, warning: writeNote }, environment)
}

const SILENT = { debug() {}, info() {}, error: writeNote }

const CHECK_FLAGS: readonly { readonly flag: keyof PublishFlags; readonly check: Check }[] = [
  { flag: 'checkDescription', check: 'description' },
  { flag: 'checkRedundantDatatypes', check: 'redundant-datatypes' },
  { flag: 'checkTapTableIndexes', check: 'tap-table-indexes' },
  { flag: 'checkTapPrincipal', check: 'tap-principal' },
]

function chosenChecks(flags: PublishFlags): ReadonlySet<Check> {
  return new Set(CHECK_FLAGS.filter(({ flag }) => flags[flag] === true).map(({ check }) => check))
}

async function deliver(release: BuiltRelease, flags: PublishFlags, apiEndpoint: string | null): Promise<PublishResult> {
  const { version, commit, schemas, services, warnings } = release
  const { to, replace = false, dryRun = false } = flags
  const base = showLocation(to)
  const location = `${base}${base.endsWith('/') ? '' : '/'}${version}`
  const about = { version, location, commit, schemas, services, warnings }
  if (dryRun) {
    const { assembleParts } = await import('../../shared/releases/publish/assemble-parts.ts')
    const files = assembleParts(release).map(({ name, sha256, content }) => {
      return { name, sha256, bytes: content.length, generation: null, uploaded: false }
    })
    return { outcome: 'checked', ...about, files }
  }
  const { uploadRelease } = await import('../../shared/releases/publish/upload-release.ts')
  const { isMutable } = await import('../../shared/releases/follow.ts')
  const { openLocation } = await import('./publish/open-location.ts')
  const prefix = `${to.kind === 'bucket' ? to.prefix : ''}${version}/`
  const target = openLocation(to, apiEndpoint)
  const { outcome, parts } = await uploadRelease(release, {
    target,
    prefix,
    where: location,
    replace: replace || isMutable(version),
  })
  return { outcome, ...about, files: parts }
}

function describeResult({ outcome, location, files, schemas }: PublishResult): string {
  const tables = schemas.reduce((sum, schema) => sum + schema.tables, 0)
  const columns = schemas.reduce((sum, schema) => sum + schema.columns, 0)
  const size = `${schemas.length} schemas, ${tables} tables, ${columns} columns`
  const rows = files.map(({ name, bytes, sha256, uploaded }) => [name, bytes, sha256, uploaded ? 'uploaded' : null])
  const heading = `${outcome} ${showControls(location)}: ${size}`
  return [heading, ...formatTable(['file', 'bytes', 'sha256', ''], rows, { width: terminalWidth() })].join('\n')
}
