import type { Environment } from './model.ts'
import { readDatabase } from './read-database.ts'
import type { Report } from './report.ts'
import { RESULTS_FIELDS } from './results-fields.ts'
import type { JobTable, ResultRule, ResultsConfig, SweepLimits } from './results-model.ts'
import { parseDuration, parseIdentifier, parseTable } from './results-rules.ts'
import type { Settings, ValueKey } from './settings.ts'

/** The results bucket and its rules. null: the file says nothing about results, or nothing that can be used. */
export function readResults(
  settings: Settings,
  releases: Environment['releases'],
  report: Report,
): ResultsConfig | null {
  const parts = settings.named('results.rules')
  if (parts.size === 0 && !isGiven(settings, RESULT_KEYS)) return null
  const bucket = settings.get('results.bucket')
  if (bucket === null && !settings.wasWrong('results.bucket')) {
    report.error('missing_key', settings.place, 'results.bucket is missing: which bucket are the results in?')
  }
  if (bucket !== null && bucket === releases?.bucket) {
    const message = 'is the releases bucket: results need a bucket of their own, so that no rule can reach a release'
    report.error('conflict', settings.placeOf('results.bucket'), message)
  }
  if (parts.size === 0) {
    report.error('missing_key', settings.placeOf('results.bucket'), 'results.rules has no rule: nothing would ever go')
  }
  const rules = [...parts].flatMap(([name, part]) => readRule(name, part, report) ?? [])
  const jobs = isGiven(settings, JOB_KEYS) ? readJobs(settings, report) : null
  if (jobs !== null && rules.length > 0 && !rules.some(({ pattern }) => pattern.includes('(?<job>'))) {
    report.warn('no_effect', settings.placeOf('results.jobs.table'), 'no rule has a group (?<job>…) to look up here')
  }
  const stateObject = settings.get('results.stateObject')
  const stateBucket = settings.get('results.stateBucket')
  const limits = readLimits(settings, report)
  if (bucket === null) return null
  const state = { stateObject, stateBucket: stateBucket ?? bucket }
  return { bucket, mode: settings.get('results.mode'), ...state, rules, jobs, limits }
}

const RESULT_KEYS = RESULTS_FIELDS.flatMap((field) => ('default' in field ? [field.key] : []))
const JOB_KEYS = RESULT_KEYS.filter((key) => key.startsWith('results.jobs.'))

function isGiven(settings: Settings, keys: readonly ValueKey[]): boolean {
  return keys.some((key) => settings.has(key) || settings.wasWrong(key))
}

function readRule(name: string, part: Settings, report: Report): ResultRule | null {
  const kind = part.get('results.rules.*.kind')
  const pattern = part.get('results.rules.*.pattern')
  const retention = part.get('results.rules.*.retention')
  for (const key of ['kind', 'pattern', 'retention'] as const) {
    const full = `results.rules.*.${key}` as const
    if (!part.has(full) && !part.wasWrong(full)) report.error('missing_key', part.place, `has no ${key}`)
  }
  if (kind === null || pattern === null || retention === null) return null
  const minimumAgeMs = parseDuration(part.get('results.rules.*.minimumAge'))
  return { name, kind, pattern, retentionMs: parseDuration(retention), minimumAgeMs }
}

function readJobs(settings: Settings, report: Report): JobTable | null {
  const database = readDatabase(settings, 'results.jobs', report)
  if (database === null) return null
  return {
    database,
    table: parseTable(settings.get('results.jobs.table')),
    columns: {
      id: parseIdentifier(settings.get('results.jobs.idColumn')),
      phase: parseIdentifier(settings.get('results.jobs.phaseColumn')),
      destruction: parseIdentifier(settings.get('results.jobs.destructionColumn')),
      deleted: parseIdentifier(settings.get('results.jobs.deletedColumn')),
      creation: parseIdentifier(settings.get('results.jobs.creationColumn')),
    },
    graceMs: parseDuration(settings.get('results.jobs.grace')),
  }
}

const SHORTEST_LEASE_MS = 30_000

function readLimits(settings: Settings, report: Report): SweepLimits {
  const leaseMs = parseDuration(settings.get('results.limits.lease'))
  if (leaseMs < SHORTEST_LEASE_MS) {
    const message = 'is shorter than the 30 s that a busy store may take for one answer'
    report.error('out_of_range', settings.placeOf('results.limits.lease'), message)
  }
  const timeBudgetMs = parseDuration(settings.get('results.limits.timeBudget'))
  if (timeBudgetMs === 0) {
    report.error('out_of_range', settings.placeOf('results.limits.timeBudget'), 'leaves no time to do anything')
  }
  return {
    deletesPerSecond: settings.get('results.limits.deletesPerSecond'),
    deletesAtOnce: settings.get('results.limits.deletesAtOnce'),
    deletePercent: settings.get('results.limits.deletePercent'),
    deleteAnyway: settings.get('results.limits.deleteAnyway'),
    orphanPercent: settings.get('results.limits.orphanPercent'),
    timeBudgetMs,
    leaseMs,
  }
}
