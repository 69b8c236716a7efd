import { CODES, describeCode } from '../../shared/felis/codes.ts'
import { escapeJson } from '../../shared/printable.ts'
import { VERSION } from '../../shared/version.ts'
import { gatherProblems } from './gather-problems.ts'
import type { FoundProblem, Validation } from './validate-files.ts'

/** SARIF 2.1.0, one run: what code scanning of GitHub and others take. */
export function formatSarif({ reports }: Validation): string {
  const problems = gatherProblems(reports)
  const ids = [...new Set([...Object.keys(CODES), ...problems.map(({ code }) => code)])]
  const indexes = new Map(ids.map((id, index) => [id, index]))
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'almagest', semanticVersion: VERSION, rules: ids.map(ruleOf) } },
        columnKind: 'unicodeCodePoints',
        results: problems.map((problem) => resultOf(problem, indexes)),
      },
    ],
  }
  return `${escapeJson(JSON.stringify(log, null, 2))}\n`
}

function ruleOf(id: string): object {
  const { severity, meaning } = describeCode(id)
  return { id, shortDescription: { text: meaning }, defaultConfiguration: { level: severity } }
}

function resultOf(problem: FoundProblem, indexes: ReadonlyMap<string, number>): object {
  const { code, severity, message, suggestion, path, file, chain } = problem
  const text = [
    message,
    ...(suggestion === undefined ? [] : [`(did you mean ${suggestion}?)`]),
    ...(chain === undefined ? [] : [`in a resource: ${chain.join(' → ')}`]),
  ].join(' ')
  return {
    ruleId: code,
    ruleIndex: indexes.get(code),
    level: severity,
    message: { text },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: fileUri(file) }, ...regionOf(problem) },
        ...(path === '' ? {} : { logicalLocations: [{ fullyQualifiedName: path, kind: 'element' }] }),
      },
    ],
  }
}

function regionOf({ line, column }: FoundProblem): object {
  if (line === undefined) return {}
  return { region: { startLine: line, ...(column === undefined ? {} : { startColumn: column }) } }
}

/** A URI reference; a relative path stays relative to the folder in which the command ran. */
function fileUri(file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/')
  return file.startsWith('/') ? `file://${path}` : path
}
