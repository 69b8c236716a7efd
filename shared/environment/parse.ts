import type { Problem } from '../problem.ts'
import { readDiscovery } from './discovery/read-discovery.ts'
import type { Environment } from './model.ts'
import { readReleases } from './read-releases.ts'
import { readResults } from './read-results.ts'
import { readServers } from './read-servers.ts'
import { Report } from './report.ts'
import { Settings } from './settings.ts'
import { type LocatedMapping, locateYaml } from './yaml-positions.ts'

/**
 * Reads an environment file, known as `file`: docs/configuration.md describes its keys. Everything that is wrong with
 * it is reported at once, in the order of the file, without showing any secret; `environment` is null if and only if
 * one of the problems is an error.
 */
export function parseEnvironment(
  file: string,
  text: string,
): { readonly environment: Environment | null; readonly problems: readonly Problem[] } {
  const report = new Report(file)
  const root = readRoot(text, report)
  if (root === null) return { environment: null, problems: report.list() }
  const settings = new Settings({ path: '', at: root.at })
  settings.read(root, '', '', report)
  const discovery = readDiscovery(root, settings, report)
  const releases = readReleases(settings, report)
  const rest = {
    file,
    releases,
    topic: settings.get('topic'),
    secretsDirectory: settings.get('secretsDirectory'),
    servers: readServers(settings, releases, report),
    identity: readIdentity(settings),
    swap: readSwap(settings, report),
    storage: { apiEndpoint: settings.get('storage.apiEndpoint') },
    results: readResults(settings, releases, report),
  }
  const environment = report.failed || discovery === null ? null : { ...rest, discovery }
  return { environment, problems: report.list() }
}

function readRoot(text: string, report: Report): LocatedMapping | null {
  const root = locateYaml(text, (code, at, message) => report.error(code, { path: '', at }, message))
  if (root === null || root.kind === 'mapping') return root
  report.error('wrong_type', { path: '', at: root.at }, 'an environment file is a mapping of keys to values')
  return null
}

function readIdentity(settings: Settings): Environment['identity'] {
  const requireCaller = settings.get('identity.requireCaller')
  return {
    audience: settings.get('identity.audience'),
    trustPlatform: settings.get('identity.trustPlatform'),
    ...(requireCaller === null ? {} : { requireCaller }),
  }
}

function readSwap(settings: Settings, report: Report): Environment['swap'] {
  const deadlineMs = settings.get('swap.deadlineMs')
  const lockTimeoutMs = settings.get('swap.lockTimeoutMs')
  if (lockTimeoutMs > deadlineMs) {
    const key = settings.has('swap.lockTimeoutMs') ? 'swap.lockTimeoutMs' : 'swap.deadlineMs'
    const message = `one try (lockTimeoutMs, ${lockTimeoutMs}) is longer than all together (deadlineMs, ${deadlineMs})`
    report.error('conflict', settings.placeOf(key), message)
  }
  return { deadlineMs, lockTimeoutMs }
}
