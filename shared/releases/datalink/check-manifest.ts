import { messageOf } from '../../failure.ts'
import { nearMiss } from '../../near-miss.ts'
import type { Problem } from '../../problem.ts'
import { readYaml } from '../../yaml/read.ts'
import { DatalinkReport } from './problems.ts'
import type { PublishedColumns } from './published-columns.ts'

/** The file that says which services there are. */
export const MANIFEST_NAME = 'datalink-manifest.json'

export interface Manifest {
  /** Service (its snippet is `<service>.xml`) → the columns that a result must have for it. */
  readonly services: ReadonlyMap<string, readonly string[]>
  readonly problems: readonly Problem[]
}

/** Reads `datalink-manifest.json` of a release: the services, and what kept others from being read. */
export function readManifest(text: string): Manifest {
  const report = new DatalinkReport(MANIFEST_NAME, text)
  return { services: readServices(text, report), problems: report.problems }
}

/**
 * Reads `datalink-manifest.json`: each service has a snippet, and each of its columns, written
 * `schema_table_column`, is published.
 *
 * @param snippets names of the XML files
 */
export function checkManifest(text: string, snippets: readonly string[], published: PublishedColumns): Manifest {
  const report = new DatalinkReport(MANIFEST_NAME, text)
  const services = readServices(text, report)
  for (const [service, columns] of services) {
    const path = service
    const offset = text.indexOf(JSON.stringify(service))
    const file = `${service}.xml`
    if (!snippets.includes(file)) {
      const suggestion = nearMiss(file, snippets)
      report.add('snippet_missing', `the service ${service} needs the file ${file}, which is not there`, {
        path,
        offset,
        suggestion,
      })
    }
    if (columns.length === 0) {
      const message = `the service ${service} names no columns: it is offered with every result`
      report.add('manifest_empty_service', message, { path, offset, severity: 'warning' })
    }
    for (const column of columns) checkColumn(column, { path, offset: text.indexOf(JSON.stringify(column), offset) })
  }
  return { services, problems: report.problems }

  function checkColumn(column: string, place: { readonly path: string; readonly offset: number }): void {
    const meant = published.flat.get(column)
    if (meant === undefined) {
      const suggestion = nearMiss(column, published.flat.keys())
      report.add('column_unknown', `no published column is called ${column} (schema_table_column)`, {
        ...place,
        suggestion,
      })
    } else if (meant.length > 1) {
      report.add('column_ambiguous', `${column} can be ${meant.join(' or ')}`, { ...place, severity: 'warning' })
    }
  }
}

function readServices(text: string, report: DatalinkReport): ReadonlyMap<string, readonly string[]> {
  const services = new Map<string, readonly string[]>()
  if (text.startsWith('\ufeff')) {
    report.add('datalink_byte_order_mark', 'the file begins with a byte order mark; its readers take it for garbage')
  }
  const value = parseJson(text.replace(/^\ufeff/, ''), report)
  if (value === undefined) return services
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report.add('manifest_invalid', 'expected an object: service → list of columns')
    return services
  }
  for (const [service, columns] of Object.entries(value)) {
    const offset = text.indexOf(JSON.stringify(service))
    if (!/^[^/\\\p{Cc}]+$/u.test(service) || service.startsWith('.')) {
      report.add('manifest_invalid', `${JSON.stringify(service)} cannot name a file`, { path: service, offset })
    } else if (!Array.isArray(columns) || !columns.every((column) => typeof column === 'string')) {
      report.add('manifest_invalid', `the service ${service} must have a list of columns`, { path: service, offset })
    } else services.set(service, columns)
  }
  return services
}

/** undefined: it is not JSON, which has been reported. */
function parseJson(text: string, report: DatalinkReport): unknown {
  try {
    const value: unknown = JSON.parse(text)
    // JSON takes the last of equal keys without a word; as YAML, which most JSON is too, the reader tells of them.
    const read = readYaml(text)
    if (!('problem' in read)) {
      for (const { key, offset } of read.duplicates) {
        report.add('manifest_duplicate', `${JSON.stringify(key)} is here a second time`, { path: key, offset })
      }
    }
    return value
  } catch (error) {
    report.add('manifest_invalid', `the file is not JSON: ${messageOf(error)}`)
    return undefined
  }
}
