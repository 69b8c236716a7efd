import type { Environment } from '../../../shared/environment/environment.ts'
import { serversFor, versionOf } from '../../../shared/releases/naming.ts'
import { ARCHIVE_NAME } from '../../../shared/releases/publish/assemble-parts.ts'
import type { ExpectedLoad } from '../../../shared/releases/publish/validate-release.ts'
import { writeNote } from '../../terminal/output.ts'
import { type Location, showLocation } from './location.ts'

/** What the TAP servers of an environment will load when the version is published at a location. */
export function listExpectedLoads(
  environment: Environment,
  version: string,
  location: Location,
): readonly ExpectedLoad[] {
  const { releases, servers } = environment
  const isTheirs = location.kind === 'bucket' && location.bucket === releases?.bucket
  const known = isTheirs
    ? versionOf(releases, location.bucket, `${location.prefix}${version}/${ARCHIVE_NAME}`)
    : version
  if (known === null) {
    writeNote(`warning: no TAP server of ${environment.file} looks for releases in ${showLocation(location)}`)
    return []
  }
  const names = serversFor(known, servers.values())
  return [...servers.values()].filter(({ name }) => names.includes(name))
}
