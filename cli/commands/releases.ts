import type { Command } from 'commander'
import type { Environment } from '../../shared/environment/environment.ts'
import type { ReleaseNaming } from '../../shared/releases/naming.ts'
import { FAILED } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'
import { parseText } from './parsers.ts'
import { type Location, parseEndpoint, parseLocation, showLocation } from './publish/location.ts'

interface ReleasesFlags extends OutputOptions {
  readonly from?: Location
  readonly environment?: string
  readonly apiEndpoint?: string
}

export function declare(command: Command): void {
  command
    .option('--from <location>', 'gs://BUCKET, gs://BUCKET/PREFIX or a folder', parseLocation)
    .option('--environment <file>', 'show what its TAP servers have of them; it names the bucket too', parseText)
    .option('--api-endpoint <url>', 'address of a stand-in for Cloud Storage', parseEndpoint)
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(
    command,
    ['releases --from gs://sdm-releases', 'releases --environment environment.yaml --json'],
    ['The latest release comes first. A TAP server that cannot be asked is named, and the command ends with 1.'],
  )
}

async function run(flags: ReleasesFlags): Promise<void> {
  endOnInterrupt()
  const { listReleases } = await import('../../shared/releases/publish/list-releases.ts')
  const { openLocation } = await import('./publish/open-location.ts')
  const environment = flags.environment === undefined ? null : await readEnvironment(flags.environment)
  const { location, naming } = await chooseShelf(flags.from, environment)
  const apiEndpoint = flags.apiEndpoint ?? environment?.storage.apiEndpoint ?? null
  const shelf = openLocation(location, apiEndpoint)
  const releases = await withProgress(`listing ${showLocation(location)}`, () => listReleases(shelf, naming))
  const { readServers } = await import('./releases/read-servers.ts')
  const servers =
    environment === null ? [] : await withProgress('asking the TAP servers', () => readServers(environment))
  const { matchServers } = await import('./releases/match-servers.ts')
  const { formatReleases } = await import('./releases/format-releases.ts')
  const result = { from: showLocation(location), ...matchServers(releases, servers, naming) }
  writeResult(result, flags, formatReleases)
  const failed = servers.filter((server) => server.error !== null)
  if (failed.length === 0) return
  for (const { name, error } of failed) writeNote(`${name}: ${error?.message}`)
  process.exitCode = FAILED
}

async function readEnvironment(path: string): Promise<Environment> {
  const { loadEnvironment } = await import('../../shared/deployment/environment-file.ts')
  const { openLogger } = await import('./publish/open-location.ts')
  return loadEnvironment(openLogger(), path)
}

async function chooseShelf(
  from: Location | undefined,
  environment: Environment | null,
): Promise<{ readonly location: Location; readonly naming: ReleaseNaming }> {
  if (from === undefined && environment === null) throw new UsageError('give --from, or --environment')
  const configured = environment?.releases ?? null
  if (from === undefined && environment !== null) {
    const { requireReleases } = await import('../../shared/environment/require.ts')
    const naming = requireReleases(environment)
    return { location: { kind: 'bucket', bucket: naming.bucket, prefix: '' }, naming }
  }
  const location = from ?? { kind: 'folder', path: '.' }
  const bucket = location.kind === 'bucket' ? location.bucket : 'local'
  const prefix = location.kind === 'bucket' ? location.prefix : ''
  if (configured !== null && configured.bucket === bucket && prefix === '') return { location, naming: configured }
  return { location, naming: { bucket, template: `${prefix}{version}/schemas.tar.gz` } }
}
