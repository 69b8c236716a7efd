import type { Problem } from '../problem.ts'
import { ENVIRONMENT, type Environment, readEnvironment } from './environment.ts'
import { Report } from './report.ts'
import { locateYaml } from './yaml-positions.ts'

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
  const environment = read(file, text, report)
  return { environment, problems: report.list() }
}

function read(file: string, text: string, report: Report): Environment | null {
  const root = locateYaml(text, (code, at, message) => report.error(code, { path: '', at }, message))
  if (root !== null && root.kind !== 'mapping') {
    report.error('wrong_type', { path: '', at: root.at }, 'an environment file is a mapping of keys to values')
    return null
  }
  const found = root === null ? undefined : ENVIRONMENT.read(root, '', report)
  return found === undefined ? null : readEnvironment(file, found, report)
}
