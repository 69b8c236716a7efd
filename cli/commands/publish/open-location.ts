import { resolve } from 'node:path'
import { createLogger } from '../../../shared/platform/log/log.ts'
import { openBucket } from '../../../shared/platform/storage/objects.ts'
import type { ReleaseShelf } from '../../../shared/releases/publish/list-releases.ts'
import type { PublishTarget } from '../../../shared/releases/publish/upload-release.ts'
import { isDebugging } from '../../terminal/debugging.ts'
import { writeError } from '../../terminal/output.ts'
import { FolderShelf } from './folder-shelf.ts'
import type { Location } from './location.ts'

/** @param apiEndpoint null: Google's own */
export function openLocation(location: Location, apiEndpoint: string | null): PublishTarget & ReleaseShelf {
  if (location.kind === 'folder') return new FolderShelf(resolve(location.path))
  const { bucket } = location
  return openBucket({ bucket, apiEndpoint }, { logger: openLogger() })
}

/** A retry is not worth a line on a terminal. */
export function openLogger() {
  const minimum = isDebugging() ? 'DEBUG' : 'ERROR'
  return createLogger({ format: 'text', minimum, write: (line) => writeError(`${line}\n`) })
}
