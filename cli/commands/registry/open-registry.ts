import { loadEnvironment } from '../../../shared/deployment/environment-file.ts'
import { readRecordFiles } from '../../../shared/deployment/record-files.ts'
import { openRegistrySources } from '../../../shared/deployment/registry-sources.ts'
import type { RegistrySources } from '../../../shared/registry/state/refresh-registry.ts'
import { openLogger } from '../publish/open-location.ts'

/** Works with what is published of an environment. @throws EnvironmentError, ConnectionError */
export async function withRegistry<T>(file: string, work: (sources: RegistrySources) => Promise<T>): Promise<T> {
  const logger = openLogger()
  const environment = await loadEnvironment(logger, file)
  const sources = await openRegistrySources(environment, await readRecordFiles(environment), logger)
  try {
    return await work(sources)
  } finally {
    await sources.close()
  }
}
