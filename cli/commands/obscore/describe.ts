import type { ObscoreCheck } from '../../../shared/obscore/check.ts'
import type { CopiedDocuments } from '../../../shared/obscore/copy-documents.ts'
import type { Installed } from '../../../shared/obscore/install.ts'
import type { Rebuilt } from '../../../shared/obscore/rebuild.ts'
import type { ObscoreStatus, RejectGroup } from '../../../shared/obscore/status.ts'
import { formatTable, type TableCell, terminalWidth } from '../../terminal/table.ts'

const SHOWN_DIGITS = 12

export function describeInstalled({
  identity,
  rebuildIsDue,
  hasTrigger,
  geometry,
  readers,
}: Installed & { readers: readonly string[] }): string {
  const due = rebuildIsDue
    ? 'a rebuild is due: run `almagest obscore rebuild`'
    : 'the table is in step with the documents'
  return [
    `ObsCore is installed: mapping ${identity.slice(0, SHOWN_DIGITS)}, positions by ${geometry}`,
    hasTrigger ? '  a trigger follows every change' : '  the source is a view: only a rebuild follows its changes',
    ...(readers.length === 0 ? [] : [`  may read: ${readers.join(', ')}`]),
    due,
  ].join('\n')
}

export function describeRebuilt({ records, rows, rejects, fillMs, durationMs, exchangeMs }: Rebuilt): string {
  const speed = Math.round((records / Math.max(fillMs, 1)) * 1000)
  return [
    `${rows} rows of ${records} records are live (${(durationMs / 1000).toFixed(1)} s; ${speed} records a second, writers waited ${Math.ceil(exchangeMs)} ms)`,
    ...(rejects === 0
      ? []
      : [`${rejects} documents have something wrong with them: \`almagest obscore status\` shows what`]),
  ].join('\n')
}

export function describeCopied({ compared, written, deleted }: CopiedDocuments): string {
  return `${compared} documents compared: ${written} written, ${deleted} deleted`
}

export function describeCheck(check: ObscoreCheck): string {
  const { records, published, rows, differences, samples, isCurrent } = check
  const size = `${records} records, ${published} to be published, ${rows} rows`
  if (!isCurrent) return `${size}; the rows were not made by this mapping: run \`almagest obscore rebuild\``
  if (differences === 0) return `${size}: all are as they should be`
  const lines = samples.map(({ scope, name, what }) => `  ${what}: ${scope}:${name}`)
  const more = differences > samples.length ? [`  and ${differences - samples.length} more`] : []
  return [`${size}; ${differences} differences:`, ...lines, ...more, 'run `almagest obscore rebuild`'].join('\n')
}

export function describeStatus(status: ObscoreStatus): string {
  const { installed, identity, builtIdentity, builtAt, trigger, rebuild, rows, rejects, lastReject } = status
  if (!installed) return 'not installed: run `almagest obscore init`'
  const current =
    builtIdentity === identity
      ? `by this mapping (${identity.slice(0, SHOWN_DIGITS)})`
      : `not by this mapping (${identity.slice(0, SHOWN_DIGITS)}): a rebuild is due`
  return [
    `${rows} rows, made ${current}${builtAt === null ? '' : `, last built ${builtAt.toISOString()}`}`,
    `trigger: ${trigger}; rebuild: ${rebuild}${rebuild === 'interrupted' ? ' (run it again)' : ''}`,
    ...(rejects.length === 0
      ? ['no document has anything wrong with it']
      : [
          '',
          ...formatTable(HEAD, rejects.map(rejectCells), { width: terminalWidth() }),
          `last change: ${lastReject?.toISOString() ?? 'unknown'}`,
        ]),
  ].join('\n')
}

const HEAD = ['column', 'reason', 'documents', 'without row', 'for example']

function rejectCells({ column, code, count, withoutRow, examples }: RejectGroup): TableCell[] {
  return [column ?? '(document)', code, count, withoutRow, examples.join(' ')]
}
