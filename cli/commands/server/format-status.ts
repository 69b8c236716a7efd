import type { HistoryEntry } from '../../../shared/tap-schema/history.ts'
import { SLOT_NAMES } from '../../../shared/tap-schema/slots.ts'
import type { ServerStatus, SlotStatus } from '../../../shared/tap-schema/status.ts'
import { style } from '../../terminal/style.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'

/** The three slots and the history, for a person. */
export function formatStatus({ slots, history }: ServerStatus): string {
  const width = terminalWidth()
  const slotLines = formatTable(
    ['slot', 'version', 'id', 'staged (UTC)', 'by', 'tables', 'columns', 'schemas'],
    SLOT_NAMES.map((name) => [name, ...slotCells(slots[name])]),
    { width },
  )
  if (history.length === 0) return [...highlight(slotLines), '', 'no history'].join('\n')
  const historyLines = formatTable(
    ['when (UTC)', 'what', 'version', 'in place of', 'by', 'ms', 'remarks'],
    history.map(historyCells),
    { width },
  )
  return [...highlight(slotLines), '', ...highlight(historyLines)].join('\n')
}

type Cells = (string | number | null)[]

function slotCells({ exists, version, id, loadedAt, stagedBy, rows, described, schemas }: SlotStatus): Cells {
  if (!exists) return ['(empty)', null, null, null, null, null, null]
  // A function of an earlier version counts only all rows.
  const counted = described ?? rows
  const size = counted == null ? [null, null] : [counted.tables, counted.columns]
  return [version ?? '(half-made)', id, moment(loadedAt), stagedBy, ...size, schemas.join(', ')]
}

function historyCells({ at, action, version, replaced, actor, durationMs, problems }: HistoryEntry): Cells {
  const [first] = problems
  const remark =
    first === undefined ? null : `${count(problems.length)}: ${shorten(first.file)}: ${shorten(first.message)}`
  return [moment(at), action.replace('_', ' '), version, replaced, actor, Math.round(durationMs), remark]
}

function count(problems: number): string {
  return problems === 1 ? '1 problem' : `${problems} problems`
}

const REMARK_LENGTH = 60

/** The JSON form has it whole. */
function shorten(text: string): string {
  const characters = [...text]
  return characters.length <= REMARK_LENGTH ? text : `${characters.slice(0, REMARK_LENGTH - 1).join('')}…`
}

/** `2026-08-24 10:42:07` of an ISO time in UTC. */
function moment(iso: string | null): string | null {
  return iso === null ? null : iso.slice(0, 19).replace('T', ' ')
}

function highlight([heading, ...lines]: readonly string[]): string[] {
  return [style('bold', heading ?? ''), ...lines]
}
