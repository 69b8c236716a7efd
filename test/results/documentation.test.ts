import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { REASONS } from '../../shared/results/classify/classify-result.ts'
import { metricsOf, reportRun } from '../../shared/results/sweep/report.ts'
import { beginRun } from '../../shared/results/sweep/sweep-run.ts'
import { resultsConfig } from './config.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/results.md'), 'utf8')

test('docs/results.md has the reasons of the code, in their order', () => {
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (kept|deleted) \|/gm)].map(([, reason, what]) => [reason, what])
  expect(rows).toEqual(REASONS.map(({ reason, action }) => [reason, action === 'keep' ? 'kept' : 'deleted']))
})

test('its example can be used', () => {
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
  const { environment, problems } = parseEnvironment('example.yaml', example)
  expect(problems).toEqual([])
  expect(environment?.results).toMatchObject({ mode: 'dry-run', jobs: { table: ['uws', 'job'] } })
  expect(environment?.results?.rules.map(({ kind }) => kind)).toEqual(['result', 'result', 'upload', 'temporary'])
})

test('it names every field that is logged', () => {
  const run = beginRun(resultsConfig(), [], new Date(0))
  const report = reportRun(resultsConfig(), run, { outcome: 'finished', mode: 'delete', warnings: [] })
  const named = ['mode', 'bucket', 'run', 'phase']
  const missing = Object.keys(metricsOf(report)).filter((field) => !named.includes(field) && !text.includes(field))
  expect(missing).toEqual([])
})
