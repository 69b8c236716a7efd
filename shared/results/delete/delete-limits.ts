import type { SweepLimits } from '../../environment/results.ts'
import { JOB_KNOWN, JOB_UNKNOWN, type Verdict } from '../classify/classify-result.ts'
import { TooManyDeletionsError } from '../result-failures.ts'
import { Tally, type TallyRow } from '../sweep/tally.ts'

/** What is to be deleted, together with what was. */
export interface Selected {
  readonly objects: number
  /** Those whose job is unknown. */
  readonly orphans: number
}

export function isOrphan({ verdict }: { readonly verdict: Verdict }): boolean {
  return verdict.reason === 'orphan'
}

export function countOrphans(rows: readonly TallyRow[]): number {
  return count(rows, new Set(['orphan']))
}

/**
 * Whether a sweep may delete so much.
 *
 * @param rows what the survey has counted
 * @param allowPercent instead of the percentages of the limits
 * @returns null: it may
 */
export function findExcess(
  rows: readonly TallyRow[],
  selected: Selected,
  { deletePercent, deleteAnyway, orphanPercent }: SweepLimits,
  allowPercent: number | undefined,
): TooManyDeletionsError | null {
  const listed = new Tally(rows).total().objects
  const percent = allowPercent ?? deletePercent
  const allowed = Math.max(deleteAnyway, Math.floor((listed * percent) / 100))
  if (percent < 100 && selected.objects > allowed) {
    const figures = `${shareOf(selected.objects, listed)} of ${listed} objects would be deleted, ${allowed} may be`
    return new TooManyDeletionsError(figures)
  }
  return selected.objects === 0 ? null : findMissingJobs(rows, selected, allowPercent ?? orphanPercent)
}

/**
 * A job table that does not know the jobs of many results has probably lost them: it was emptied, restored from an old or
 * partial copy, or is another table. Then nothing that it says can be relied on. So all results without a job count, also
 * those that are kept for now, and too many of them stop every deletion. Nor may there be more of them than the survey saw.
 */
function findMissingJobs(rows: readonly TallyRow[], selected: Selected, percent: number): TooManyDeletionsError | null {
  if (percent >= 100) return null
  const unknown = count(rows, JOB_UNKNOWN)
  const owned = unknown + count(rows, JOB_KNOWN)
  if (unknown * 100 > percent * owned) {
    const figures = `the job table lacks the jobs of ${shareOf(unknown, owned)} of ${owned} results, ${percent} % may be missing`
    return new TooManyDeletionsError(figures)
  }
  const seen = countOrphans(rows)
  if (selected.orphans <= seen + Math.floor(owned / 100)) return null
  const figures = `the job table has lost jobs since the survey: ${seen} results were orphans then, ${selected.orphans} are now`
  return new TooManyDeletionsError(figures)
}

function count(rows: readonly TallyRow[], reasons: ReadonlySet<string>): number {
  return rows.reduce((sum, { reason, objects }) => sum + (reasons.has(reason) ? objects : 0), 0)
}

function shareOf(part: number, whole: number): string {
  return `${part} (${whole === 0 ? 100 : Math.round((1000 * part) / whole) / 10} %)`
}
