import { describe, expect, it } from 'vitest'
import { parseEnvironment } from '../../shared/environment/parse.ts'

const RULE = "{kind: result, pattern: '^result_(?<job>[a-z0-9]+)\\.xml$', retention: 7d}"

function parse(results: string, rest = '') {
  const { environment, problems } = parseEnvironment('env.yaml', `results: {${results}}\n${rest}`)
  return {
    results: environment?.results ?? null,
    problems: problems.map(({ path, code, message }) => `${path} ${code} ${message}`),
  }
}

describe('the results of an environment', () => {
  it('are nothing where nothing is said', () => {
    expect(parseEnvironment('env.yaml', 'topic: null').environment?.results).toBeNull()
    expect(parseEnvironment('env.yaml', 'results:').environment?.results).toBeNull()
  })

  it('have defaults that delete nothing', () => {
    const { results, problems } = parse(`bucket: tap-results, rules: {all: ${RULE}}`)
    expect(problems).toEqual([])
    expect(results).toMatchObject({
      bucket: 'tap-results',
      mode: 'dry-run',
      stateObject: '.almagest/sweep.json',
      stateBucket: 'tap-results',
      jobs: null,
      limits: { deletesPerSecond: 500, deletesAtOnce: 64, deletePercent: 50, deleteAnyway: 100 },
    })
    expect(results?.limits).toMatchObject({ timeBudgetMs: 24 * 60_000, leaseMs: 120_000 })
    expect(results?.rules).toEqual([
      {
        name: 'all',
        kind: 'result',
        pattern: '^result_(?<job>[a-z0-9]+)\\.xml$',
        retentionMs: 7 * 86_400_000,
        minimumAgeMs: 86_400_000,
      },
    ])
  })

  it('name the job table as PostgreSQL keeps it', () => {
    const jobs = `jobs: {databaseUrl: 'postgresql://reader@db/uws', grace: 36h, idColumn: '"Id"', table: '"My.Schema".Job'}`
    const { results, problems } = parse(`bucket: tap-results, rules: {all: ${RULE}}, ${jobs}`)
    expect(problems).toEqual([])
    expect(results?.jobs).toEqual({
      databases: [{ kind: 'url', url: 'postgresql://reader@db/uws', passwordKey: null, poolMax: 5 }],
      table: ['My.Schema', 'job'],
      idColumn: 'Id',
      phaseColumn: 'executionphase',
      destructionColumn: 'destructiontime',
      deletedColumn: 'deletedbyuser',
      creationColumn: 'creationtime',
      graceMs: 36 * 3_600_000,
    })
  })

  it('may have their jobs in Cloud SQL', () => {
    const jobs = 'jobs: {database: {instance: "p:r:i", user: collect@p.iam, name: uws}}'
    expect(parse(`bucket: tap-results, rules: {all: ${RULE}}, ${jobs}`).results?.jobs?.databases[0]).toMatchObject({
      kind: 'cloudsql',
      instance: 'p:r:i',
      database: 'uws',
    })
  })

  it.each([
    [`rules: {all: ${RULE}}`, /results.bucket missing_key bucket is missing/],
    ['bucket: tap-results', /results.rules missing_key rules is missing/],
    ['bucket: tap-results, rules: {}', /results.rules missing_key is empty: without a rule/],
    ['mode: delete', /results.bucket missing_key bucket is missing/],
    ['bucket: tap-results, rules: {all: {}}', /kind is missing.*pattern is missing.*retention is missing/],
    [`bucket: tap-results, rules: {all: ${RULE.replace('result,', 'everything,')}}`, /must be one of result, error/],
    [`bucket: tap-results, rules: {all: ${RULE.replace('^', '')}}`, /must begin with \^ and end with \$/],
    [`bucket: tap-results, rules: {all: ${RULE.replace('[a-z0-9]', '[')}}`, /is not a valid regular expression/],
    [`bucket: tap-results, rules: {all: ${RULE.replace('<job>', '<owner>')}}`, /a group "owner"/],
    [`bucket: tap-results, rules: {all: ${RULE.replace('7d', '7')}}`, /must be text/],
    [`bucket: tap-results, rules: {all: ${RULE.replace('7d', '1w')}}`, /is not a valid duration/],
    [`bucket: tap-results, rules: {all: ${RULE.replace('7d', '-1d')}}`, /is not a valid duration/],
    [`bucket: tap-results, rules: {all: ${RULE}}, jobs: {table: uws.Job}`, /results.jobs missing_key has no database/],
    [
      `bucket: tap-results, rules: {all: ${RULE}}, jobs: {databaseUrl: 'postgresql://db/u', table: a.b.c}`,
      /is not a valid table/,
    ],
    [
      `bucket: tap-results, rules: {all: ${RULE}}, jobs: {databaseUrl: 'postgresql://db/u', idColumn: 'a b'}`,
      /is not a valid name of a column/,
    ],
    [`bucket: tap-results, rules: {all: ${RULE}}, limits: {lease: 5s}`, /shorter than the 30 s/],
    [`bucket: tap-results, rules: {all: ${RULE}}, limits: {timeBudget: 0m}`, /leaves no time/],
    [`bucket: tap-results, rules: {all: ${RULE}}, limits: {deletePercent: 101}`, /from 1 to 100/],
    [`bucket: tap-results, rules: {all: ${RULE}}, stateObject: 'a/'`, /is not the name of an object/],
    [`bucket: tap-results, rule: {all: ${RULE}}`, /there is no key "rule"/],
  ])('%s is refused', (text, message) => {
    const { results, problems } = parse(text)
    expect(results).toBeNull()
    expect(problems.join(' ')).toMatch(message)
  })

  it('cannot lie in the releases bucket', () => {
    const { problems } = parse(`bucket: shared-bucket, rules: {all: ${RULE}}`, 'releases: {bucket: shared-bucket}')
    expect(problems).toEqual([expect.stringContaining('is the releases bucket')])
  })

  it('are warned of a job table that no rule can ask', () => {
    const rule = "{kind: temporary, pattern: '^t/.+$', retention: 1d}"
    const jobs = "jobs: {databaseUrl: 'postgresql://db/uws', table: uws.Job}"
    const { results, problems } = parse(`bucket: tap-results, rules: {all: ${rule}}, ${jobs}`)
    expect(results).not.toBeNull()
    expect(problems).toEqual([expect.stringContaining('no rule has a group (?<job>…)')])
  })
})
