import { showControls } from '../../../shared/printable.ts'
import { style } from '../../terminal/style.ts'
import type { Check } from './check.ts'

const COLOURS = { ok: 'green', warning: 'yellow', error: 'red', skipped: 'dim' } as const

/** For people: a line for each thing, and how many are wrong. */
export function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(...Object.keys(COLOURS).map((state) => state.length))
  const lines = checks.map(({ subject, state, message }) => {
    return `${style(COLOURS[state], state.padEnd(width))}  ${style('bold', showControls(subject))}: ${showControls(message)}`
  })
  const count = (wanted: Check['state']) => checks.filter(({ state }) => state === wanted).length
  const [errors, warnings] = [count('error'), count('warning')]
  const verdict =
    errors === 0 && warnings === 0 ? 'all ok' : `${plural(errors, 'error')}, ${plural(warnings, 'warning')}`
  return [...lines, `${checks.length} checks: ${verdict}`].join('\n')
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
