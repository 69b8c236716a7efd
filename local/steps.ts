import { withProgress } from '../cli/terminal/progress.ts'
import { style } from '../cli/terminal/style.ts'
import { showControls } from '../shared/printable.ts'

/** What `npm start` does, reported step by step. */
export interface Steps {
  /** @param describe what came of it, beside the label */
  step<T>(label: string, work: () => Promise<T>, describe?: (result: T) => string): Promise<T>
}

/** @param isEnding whether a step that breaks off is no failure */
export function createSteps(print: (text: string) => void, isEnding: () => boolean): Steps {
  return {
    async step(label, work, describe = () => '') {
      const started = performance.now()
      try {
        const result = await withProgress(label, work)
        const outcome = showControls(describe(result))
        const time = style('dim', formatDuration(performance.now() - started))
        print(`${style('green', '✓')} ${label}${outcome === '' ? '' : `: ${outcome}`}  ${time}\n`)
        return result
      } catch (error) {
        if (!isEnding()) print(`${style('red', '✗')} ${label}\n`)
        throw error
      }
    },
  }
}

export function formatDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`
}
