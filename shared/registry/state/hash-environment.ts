import { createHash } from 'node:crypto'
import type { Environment } from '../../environment/environment.ts'
import { buildRecords } from '../build-records.ts'
import { formatUndated } from '../oai/formats.ts'

/**
 * Tells what one environment publishes from what another does: of the records themselves, as they are without anything
 * live. Environment files that differ in other things, such as the login of who reads them, have the same.
 *
 * @param files records as XML, by their names in the environment file
 * @throws EnvironmentError: there is no publishing registry
 */
export function hashEnvironment(environment: Environment, files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256')
  for (const record of buildRecords(environment, new Map(), { files }).records) {
    const { document, dublinCore } = formatUndated(record)
    hash.update(document).update('\0').update(dublinCore).update('\0')
  }
  return hash.digest('hex')
}
