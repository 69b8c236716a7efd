import { showControls } from '../../../shared/printable.ts'
import { REASONS } from '../../../shared/results/classify/classify-result.ts'
import type { DestroyReport } from '../../../shared/results/delete/destroy-job.ts'
import type { SweepReport } from '../../../shared/results/sweep/report.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** What a sweep has done or would do: one line for each rule and reason, then the sums. */
export function formatSweep(report: SweepReport): string {
  const { rows, listed, bucket, outcome } = report
  if (outcome === 'busy') return ''
  const meanings = new Map<string, string>(REASONS.map(({ reason, meaning }) => [reason, meaning]))
  const lines = rows.map(({ rule, action, reason, objects, bytes, oldest, names }) => [
    action === 'keep' ? 'kept' : report.mode === 'delete' ? 'deleted' : 'would be deleted',
    rule ?? '-',
    objects,
    formatBytes(bytes),
    oldest === null ? '-' : oldest.timeCreated.slice(0, 16),
    meanings.get(reason) ?? reason,
    `${names[0] ?? ''}${objects > 1 ? ', …' : ''}`,
  ])
  const columns = ['', 'rule', 'objects', 'size', 'oldest', 'because it', 'names']
  return [
    `gs://${bucket}: ${listed.objects} objects, ${formatBytes(listed.bytes)}`,
    '',
    ...(lines.length === 0 ? ['(empty)'] : formatTable(columns, lines, { width: terminalWidth() })),
    '',
    ...describeOutcome(report),
    '',
  ].join('\n')
}

function describeOutcome({ outcome, mode, selected, deletions, effort, phase }: SweepReport): string[] {
  const due = `${selected.objects} objects, ${formatBytes(selected.bytes)}`
  const lines =
    mode === 'dry-run'
      ? [`Would delete ${due}; nothing was deleted. With --delete it is.`]
      : [`Deleted ${deletions.deleted} of ${due}, in ${(effort.durationMs / 1000).toFixed(1)} s.`]
  const others: readonly (readonly [number, string])[] = [
    [deletions.absent, 'were deleted already'],
    [deletions.replaced, 'were replaced or changed in the meantime, and are kept'],
    [deletions.protected, `are under a hold or a retention policy, and are kept: ${deletions.firstProtected}`],
    [deletions.failed, `could not be deleted, and will be retried by the next sweep: ${deletions.firstFailed}`],
  ]
  for (const [count, what] of others) if (count > 0) lines.push(showControls(`${count} ${what}.`))
  if (outcome === 'paused') lines.push(`Interrupted while ${phase === 'survey' ? 'looking' : 'deleting'}.`)
  return lines
}

/** The objects of one job, and what became of them. */
export function formatDestruction({ job, mode, objects, deletions, jobPhase }: DestroyReport): string {
  const shown = showControls(jobPhase === null ? job : `${job} (${jobPhase})`)
  if (objects.length === 0) return `job ${shown}: no results\n`
  const rows = objects.map(({ name, bytes, rule, kept }) => [
    name,
    formatBytes(bytes),
    rule,
    kept ? 'kept: held' : mode === 'delete' ? 'deleted' : 'would be deleted',
  ])
  const end =
    mode === 'delete'
      ? `Deleted ${deletions.deleted} of ${objects.length}.`
      : 'Nothing was deleted. With --delete it is.'
  return [
    `job ${shown}`,
    '',
    ...formatTable(['name', 'size', 'rule', ''], rows, { width: terminalWidth() }),
    '',
    end,
    '',
  ].join('\n')
}

export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}
