import type { RebuildProgress } from '../../../shared/obscore/rebuild.ts'
import { writeError } from '../../terminal/output.ts'

const EVERY_MS = 100

/** A line on stderr, on a terminal only, that is drawn over and disappears at the end. */
export function showRebuild(stream: NodeJS.WriteStream = process.stderr): {
  update(progress: RebuildProgress): void
  end(): void
} {
  let drawn = 0
  const started = performance.now()
  if (!stream.isTTY) return { update() {}, end() {} }
  return {
    update(progress) {
      const now = performance.now()
      if (progress.phase === 'filling' && now - drawn < EVERY_MS) return
      drawn = now
      writeError(`\r\x1b[K${formatProgress(progress, now - started)}`)
    },
    end() {
      if (drawn > 0) writeError('\r\x1b[K')
    },
  }
}

const WORDS = { filling: 'making rows', indexing: 'making indexes', exchanging: 'exchanging' } as const

export function formatProgress({ phase, records, expected }: RebuildProgress, elapsedMs: number): string {
  if (phase !== 'filling') return `${WORDS[phase]} … ${records} records`
  const speed = Math.round((records / Math.max(elapsedMs, 1)) * 1000)
  return `${WORDS[phase]} … ${records} of about ${Math.round(expected)} records, ${speed} a second`
}
