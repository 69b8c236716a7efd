import type { Environment } from '../environment/environment.ts'
import { Report } from '../environment/report.ts'
import type { TapServer } from '../environment/tap-server.ts'
import { openContext, serverAt } from './context.ts'
import { findServices } from './find-services.ts'

/** The TAP servers whose live releases the records describe. @throws EnvironmentError: there is no publishing registry */
export function tapServers(environment: Environment): readonly TapServer[] {
  const { taps } = findServices(openContext(environment, new Map(), new Report(environment.file)))
  return [...new Set(taps.flatMap(({ url }) => serverAt(environment, url) ?? []))]
}
