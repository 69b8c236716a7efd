import { expect, test } from 'vitest'
import { formatDestruction, formatSweep } from '../../cli/commands/sweep/format-report.ts'
import { formatProgress } from '../../cli/commands/sweep/show-progress.ts'
import { namesIn, putAged, resultsEnvironment } from '../results/aged-objects.ts'
import { DAY } from '../results/config.ts'
import { callAlmagest } from '../support/call-command.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'
import { writeEnvironment } from '../support/function-process.ts'
import { runAlmagest, startAlmagest } from '../support/run-command.ts'

/** The mode of the environment is the function's: the command has its own. */
async function startBucket(mode = 'delete') {
  const gcs = await startFakeGcs({ buckets: ['results'] })
  const file = await writeEnvironment(resultsEnvironment(gcs.endpoint, { mode }))
  return { gcs, file, env: { ALMAGEST_ENVIRONMENT: file } }
}

test('without --delete nothing is deleted, and a table says what would be deleted and why', async () => {
  const { gcs, file } = await startBucket()
  await putAged(gcs, 'result_old.xml', 8 * DAY)
  await putAged(gcs, 'result_new.xml', 2 * DAY)
  await putAged(gcs, 'whatever', 99 * DAY)
  const { code, stdout, stderr } = await callAlmagest(['sweep', '--environment', file])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^gs:\/\/results: 3 objects, 36 B$/m)
  expect(stdout).toMatch(
    /^would be deleted +results +1 +14 B .* is older than the retention of its rule +result_old\.xml$/m,
  )
  expect(stdout).toMatch(/^kept +- +1 .* fits no rule +whatever$/m)
  expect(stdout).toContain('Would delete 1 objects, 14 B; nothing was deleted.')
  expect(namesIn(gcs)).toHaveLength(3)
  expect(gcs.store.objects('results')).toHaveLength(3)
})

test('with --delete it deletes, and --json is the report', async () => {
  const { gcs, env } = await startBucket('dry-run')
  await putAged(gcs, 'result_old.xml', 8 * DAY)
  await putAged(gcs, 'result_new.xml', 2 * DAY)
  const { code, json } = await callAlmagest(['sweep', '--delete', '--json'], { env })
  expect(code).toBe(0)
  expect(json()).toMatchObject({ outcome: 'finished', mode: 'delete', deletions: { deleted: 1, deletedBytes: 14 } })
  expect(namesIn(gcs)).toEqual(['result_new.xml'])
})

test('--job shows the results of one job, and with --delete destroys them', async () => {
  const { gcs, env } = await startBucket()
  await putAged(gcs, 'result_abc.xml', 0)
  await putAged(gcs, 'r/00/abc/1/result.vot', 0)
  await putAged(gcs, 'result_xyz.xml', 0)
  const look = await callAlmagest(['sweep', '--job', 'abc'], { env })
  expect(look.stdout).toMatch(/^result_abc\.xml +14 B +results +would be deleted$/m)
  expect(namesIn(gcs)).toHaveLength(3)
  const destroy = await callAlmagest(['sweep', '--job', 'abc', '--delete'], { env })
  expect([destroy.code, destroy.stdout]).toEqual([0, expect.stringContaining('Deleted 2 of 2.')])
  expect(namesIn(gcs)).toEqual(['result_xyz.xml'])
})

test.each([
  [['sweep', '--dry-run', '--delete'], 2, "option '--dry-run' cannot be used with option '--delete'"],
  [['sweep', '--job', 'a', '--allow-percent', '100'], 2, '--allow-percent'],
  [['sweep', '--allow-percent', '101'], 2, '1 to 100'],
  [['sweep', '--job', ''], 2, 'empty'],
  [['sweep'], 1, 'give --environment, or set ALMAGEST_ENVIRONMENT'],
])('%j ends with %i', async (args, expected, message) => {
  const { code, stderr, stdout } = await callAlmagest(args)
  expect([code, stdout]).toEqual([expected, ''])
  expect(stderr).toContain(message)
})

test('an environment file that cannot be used is reported problem by problem, each once', async () => {
  const file = await writeEnvironment('results:\n  buckets: b\n  mode: sometimes\n')
  const { code, stderr } = await callAlmagest(['sweep', '--environment', file])
  const [first, ...problems] = stderr.trimEnd().split('\n')
  expect([code, first]).toEqual([1, `almagest: the environment file ${file} cannot be used:`])
  expect(problems).toContainEqual(expect.stringMatching(/:2:3: results\.buckets: .*did you mean bucket\?/))
  expect(problems).toContainEqual(expect.stringMatching(/:3:9: results\.mode: must be one of dry-run, delete/))
  expect(new Set(problems).size).toBe(problems.length)
})

test('Ctrl-C pauses a sweep, and the next one finishes it', async () => {
  const { gcs, env } = await startBucket()
  for (let index = 0; index < 80; index++) await putAged(gcs, `result_${index}.xml`, 8 * DAY)
  const command = startAlmagest(['sweep', '--delete', '--json'], { env })
  // The first deletion waits until the command has been stopped.
  gcs.inject({
    kind: 'meanwhile',
    match: /^DELETE/,
    run: async () => {
      command.child.kill('SIGINT')
      await expect.poll(() => gcs.requests.filter((line) => line.startsWith('DELETE')).length).toBeGreaterThan(1)
    },
  })
  const { code, json, stderr } = await command.result
  expect([code, stderr]).toEqual([130, expect.stringContaining('Ctrl-C')])
  expect(json()).toMatchObject({ outcome: 'paused', phase: 'delete' })
  expect(namesIn(gcs).length).toBeGreaterThan(0)
  const rest = await runAlmagest(['sweep', '--delete', '--json'], { env })
  expect(rest.json()).toMatchObject({ outcome: 'finished', listed: { objects: 80 }, deletions: { deleted: 80 } })
  expect(namesIn(gcs)).toEqual([])
})

test('the progress counts what is looked at, then fills a bar', () => {
  expect(formatProgress({ phase: 'survey', listed: 1000, selected: 20, deleted: 0 })).toContain(
    '1000 objects, 20 to delete',
  )
  expect(formatProgress({ phase: 'delete', listed: 9, selected: 4, deleted: 1 })).toBe(
    `deleting [${'#'.repeat(6)}${'.'.repeat(18)}] 1 of 4`,
  )
  expect(formatProgress({ phase: 'delete', listed: 9, selected: 0, deleted: 0 })).toContain('0 of 0')
})

test('names from the bucket cannot steer the terminal', () => {
  const none = { deleted: 0, deletedBytes: 0, absent: 0, replaced: 0, protected: 0, failed: 0 }
  const deletions = { ...none, firstProtected: null, firstFailed: null, oldestSurvivor: null }
  const name = 'result_\x1b[2J'
  const destroyed = { job: 'a\x1b[2J', mode: 'dry-run', bucket: 'b', jobPhase: null, deletions } as const
  expect(formatDestruction({ ...destroyed, objects: [{ name, bytes: 1, rule: 'r', kept: false }] })).not.toContain(
    '\x1b',
  )
  const row = { rule: 'r', kind: 'result', action: 'delete', reason: 'orphan', objects: 1, bytes: 1 } as const
  const text = formatSweep({
    ...{ outcome: 'finished', mode: 'delete', bucket: 'b', run: 'x', startedAt: null, phase: 'delete' },
    ...{ listed: { objects: 1, bytes: 1 }, selected: { objects: 1, bytes: 1 }, oldestExpired: null, warnings: [] },
    rows: [{ ...row, oldest: null, names: [name] }],
    deletions: { ...deletions, failed: 1, firstFailed: name, protected: 1, firstProtected: name },
    effort: { calls: 1, listCalls: 1, jobLookups: 0, retries: 0, durationMs: 5 },
  })
  expect(text).not.toContain('\x1b')
})
