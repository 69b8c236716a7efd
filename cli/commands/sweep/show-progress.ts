import type { SweepProgress } from '../../../shared/results/sweep/sweep.ts'
import { writeError } from '../../terminal/output.ts'

const EVERY_MS = 100
const WIDTH = 24

/** A line on stderr, on a terminal only, that is drawn over and disappears at the end. */
export function showSweep(stream: NodeJS.WriteStream = process.stderr): {
  update(progress: SweepProgress): void
  end(): void
} {
  let drawn = 0
  if (!stream.isTTY) return { update() {}, end() {} }
  return {
    update(progress) {
      const now = performance.now()
      if (now - drawn < EVERY_MS) return
      drawn = now
      writeError(`\r\x1b[K${formatProgress(progress)}`)
    },
    end() {
      if (drawn > 0) writeError('\r\x1b[K')
    },
  }
}

/** While it looks nobody knows how much there is; while it deletes everybody does. */
export function formatProgress({ phase, listed, selected, deleted }: SweepProgress): string {
  if (phase === 'survey') return `looking … ${listed} objects, ${selected} to delete`
  const share = selected === 0 ? 1 : Math.min(1, deleted / selected)
  const filled = Math.round(share * WIDTH)
  return `deleting [${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${deleted} of ${selected}`
}
