import { isRecord } from '../is-record.ts'
import { DiscoveryError } from './client-errors.ts'
import type { DiscoveryDocument } from './document.ts'

/**
 * Takes the answer of a discovery service for a document. Members that are not known are kept, null is as good as
 * absent; what has another shape than the client relies on is refused.
 *
 * @throws DiscoveryError
 */
export function readDocument(answer: unknown, url: string): DiscoveryDocument {
  const complaint = complaintAbout(answer)
  if (complaint === null) return dropNulls(answer) as DiscoveryDocument
  throw new DiscoveryError('discovery_invalid', `the answer of ${url} is not a discovery document: ${complaint}`)
}

/** Entries of these maps must have these members, as text. */
const ENTRIES = [
  { path: ['services', 'internal'], needs: ['url'] },
  { path: ['services', 'ui'], needs: ['url'] },
  { path: ['influxdb_databases'], needs: ['url', 'credentials_url'] },
  { path: ['tap_schemas'], needs: ['version'] },
  { path: ['datasets'], needs: [] },
] as const

function complaintAbout(answer: unknown): string | null {
  if (!isRecord(answer)) return 'it is not an object'
  if (answer.services != null && !isRecord(answer.services)) return 'services is not an object'
  const { applications = null } = answer
  if (applications !== null && !Array.isArray(applications)) return 'applications is not a list'
  for (const { path, needs } of ENTRIES) {
    const complaint = complaintAboutEntries(at(answer, path), path.join('.'), needs)
    if (complaint !== null) return complaint
  }
  for (const [name, dataset] of Object.entries(isRecord(answer.datasets) ? answer.datasets : {})) {
    const services = isRecord(dataset) ? dataset.services : undefined
    const complaint = complaintAboutEntries(services, `datasets.${name}.services`, ['url'])
    if (complaint !== null) return complaint
  }
  return null
}

function complaintAboutEntries(entries: unknown, path: string, needs: readonly string[]): string | null {
  if (entries === undefined || entries === null) return null
  if (!isRecord(entries)) return `${path} is not an object`
  for (const [name, entry] of Object.entries(entries)) {
    if (!isRecord(entry)) return `${path}.${name} is not an object`
    const missing = needs.find((member) => typeof entry[member] !== 'string')
    if (missing !== undefined) return `${path}.${name} has no ${missing}`
    const versions = complaintAboutEntries(entry.versions, `${path}.${name}.versions`, ['url'])
    if (versions !== null) return versions
  }
  return null
}

function at(answer: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), answer)
}

/** `tap_schemas` has members for which null means something. */
function dropNulls(value: unknown, path: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value
  if (!isRecord(value) || path[0] === 'tap_schemas') return value
  const kept = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(kept.map(([name, member]) => [name, dropNulls(member, [...path, name])]))
}
