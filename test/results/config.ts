import { parseDuration } from '../../shared/environment/result-texts.ts'
import type { ResultRule, ResultsConfig } from '../../shared/environment/results.ts'
import type { Job, JobStore, JobTableState } from '../../shared/results/classify/jobs.ts'

export const HOUR = 3_600_000
/** When a test begins, by all clocks. */
export const EPOCH = Date.parse('2026-11-21T00:00:00Z')
export const DAY = 24 * HOUR

export function rule(name: string, pattern: string, retention: string, minimumAge = '24h'): ResultRule {
  return {
    name,
    kind: 'result',
    pattern,
    retentionMs: parseDuration(retention),
    minimumAgeMs: parseDuration(minimumAge),
  }
}

export const FLAT = rule('flat', '^(result|error)_(?<job>[a-z0-9]+)\\.(xml|parquet)$', '7d')
export const SHARDED = rule('sharded', '^r/[0-9a-f]{2}/(?<job>[^/]+)/\\d+/result\\.vot$', '7d')
export const TEMPORARY = rule('temporary', '^t/.+$', '2d', '1h')

/** Names as they come, for tests: `databases` are never looked at. */
export const JOB_TABLE: NonNullable<ResultsConfig['jobs']> = {
  databases: [{ kind: 'url', url: 'postgresql://localhost/uws', passwordKey: null, poolMax: 1 }],
  table: ['uws', 'job'],
  idColumn: 'jobid',
  phaseColumn: 'executionphase',
  destructionColumn: 'destructiontime',
  deletedColumn: 'deletedbyuser',
  creationColumn: 'creationtime',
  graceMs: DAY,
}

export function resultsConfig(change: Partial<ResultsConfig> = {}): ResultsConfig {
  return {
    bucket: 'results',
    mode: 'delete',
    stateObject: '.almagest/sweep.json',
    stateBucket: 'results',
    rules: [FLAT, SHARDED, TEMPORARY],
    jobs: null,
    ...change,
    limits: {
      deletesPerSecond: 5000,
      deletesAtOnce: 64,
      deletePercent: 100,
      deleteAnyway: 0,
      orphanPercent: 100,
      timeBudgetMs: HOUR,
      leaseMs: 120_000,
      ...change.limits,
    },
  }
}

/** A job table in memory. */
export class JobsInMemory implements JobStore {
  readonly jobs = new Map<string, Job & { readonly created: number }>()
  questions = 0
  /** The clock of the database. */
  date: () => number

  constructor(date = () => EPOCH) {
    this.date = date
  }

  set(id: string, job: Partial<Job> & { readonly created?: number }): void {
    const known = this.jobs.get(id)
    const fresh = { phase: 'COMPLETED', destruction: null, deletedByUser: false, created: 0 }
    this.jobs.set(id, { ...fresh, ...known, ...job })
  }

  async find(ids: readonly string[]): Promise<ReadonlyMap<string, Job>> {
    this.questions += 1
    return new Map(ids.flatMap((id) => (this.jobs.has(id) ? [[id, this.jobs.get(id)!] as const] : [])))
  }

  async inspect(): Promise<JobTableState> {
    const newest = this.jobs.size === 0 ? null : Math.max(...[...this.jobs.values()].map(({ created }) => created))
    return { newest, now: this.date() }
  }
}

export const SILENT = { info() {}, warning() {} }
