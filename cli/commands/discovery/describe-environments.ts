import { readFile } from 'node:fs/promises'
import { compareCodePoints } from '../../../shared/code-points.ts'
import { buildDiscovery, type DiscoveryOptions } from '../../../shared/discovery/build-document.ts'
import { inOrder } from '../../../shared/discovery/in-order.ts'
import { toNubladoForm } from '../../../shared/discovery/nublado-form.ts'
import { ownUrls } from '../../../shared/discovery/own-urls.ts'
import type { DiscoveryConfig } from '../../../shared/environment/discovery/discovery.ts'
import { parseEnvironment } from '../../../shared/environment/parse.ts'
import { Failure } from '../../../shared/failure.ts'
import { formatProblem, type Problem } from '../../../shared/problem.ts'
import { withFileErrors } from '../../terminal/file-error.ts'

export interface FormOptions {
  readonly nublado: boolean
  readonly baseUrl?: string
  readonly hipsBaseUrl?: string
}

/** The static form of one environment. */
export interface DescribedEnvironment {
  readonly file: string
  readonly text: string
}

/** Environment files cannot be used as they are. */
class EnvironmentFilesError extends Failure {}

/** Nothing is described unless all of them can be: every problem of every file is reported at once. */
export async function describeEnvironments(
  files: readonly string[],
  options: FormOptions,
): Promise<{ readonly described: readonly DescribedEnvironment[]; readonly warnings: readonly string[] }> {
  const read = await Promise.all(files.map(readConfig))
  const problems = read.flatMap((result) => result.problems)
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) {
    const count = new Set(errors.map(({ file }) => file)).size
    const message = count === 1 ? 'the environment file cannot be used' : `${count} environment files cannot be used`
    throw new EnvironmentFilesError('misconfigured', 'invalid_environment', message, { problems })
  }
  const described = read.flatMap(({ file, config }) => (config === null ? [] : [{ file, text: form(config, options) }]))
  return { described, warnings: problems.map(formatProblem) }
}

interface ReadFile {
  readonly file: string
  readonly config: DiscoveryConfig | null
  readonly problems: readonly Problem[]
}

async function readConfig(file: string): Promise<ReadFile> {
  const content = await withFileErrors(file, () => readFile(file))
  const text = decode(content)
  if (text === null)
    return { file, config: null, problems: [problemOf(file, '', 'yaml_syntax', 'is not text in UTF-8')] }
  const { environment, problems } = parseEnvironment(file, text)
  const config = environment?.discovery ?? null
  if (config === null || config.baseHostname !== null) return { file, config, problems }
  const missing = problemOf(file, 'baseHostname', 'missing_key', 'is missing: it says which environment this is')
  return { file, config, problems: [...problems, missing] }
}

function problemOf(file: string, path: string, code: string, message: string): Problem {
  return { file, path, code, severity: 'error', message }
}

function decode(content: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return null
  }
}

function form(config: DiscoveryConfig, options: FormOptions): string {
  const document = buildDiscovery(config, urlsOf(config, options))
  return stringifySorted(options.nublado ? toNubladoForm(document) : document)
}

/** The HiPS lists lie beside the service unless it is said otherwise. */
function urlsOf(config: DiscoveryConfig, { baseUrl, hipsBaseUrl }: FormOptions): DiscoveryOptions {
  const own = ownUrls(config)
  const base = (baseUrl ?? own?.baseUrl ?? '').replace(/\/+$/, '')
  const beside = base.endsWith(config.pathPrefix) ? base.slice(0, base.length - config.pathPrefix.length) : undefined
  return { baseUrl: base, hipsBaseUrl: hipsBaseUrl ?? beside ?? new URL(base).origin }
}

/** JSON for people and version control: keys sorted, indented by two. */
export function stringifySorted(value: unknown): string {
  return `${JSON.stringify(sortKeys(value), null, 2)}\n`
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b))
  return inOrder(entries.map(([key, member]) => [key, sortKeys(member)] as const))
}
