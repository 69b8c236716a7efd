import type { Bundle } from '../deploy/bundles/bundle.ts'
import { percentile } from './measure.ts'
import type { StartTimes } from './start.ts'

type Table = readonly (readonly string[])[]

/** Sizes of the bundles. */
export function describeSizes(bundles: readonly Bundle[]): Table {
  const header = ['bundle, kB', 'loaded at the start', 'when first needed', 'both, gzip']
  return [
    header,
    ...bundles.map(({ name, entryBytes, laterBytes, gzipBytes }) => [
      name,
      ...[entryBytes, laterBytes, gzipBytes].map((bytes) => (bytes / 1000).toFixed(0)),
    ]),
  ]
}

/** Times to the first answer, and how they compare with those of the hello function, each with its like. */
export function describeStarts(starts: readonly StartTimes[]): Table {
  const hello = starts.find(({ name }) => name === 'hello')
  const header = [
    'start to first answer, ms',
    'median',
    '/ hello',
    'compile cache',
    '/ hello',
    'goal',
    'RSS MiB',
    'asked for',
  ]
  return [
    header,
    ...starts.map(({ name, answers, goal, plainMs, cachedMs, rssMiB }) => {
      const ratio = ratioOf(cachedMs, hello?.cachedMs ?? null)
      return [
        name,
        spread(plainMs),
        format(ratioOf(plainMs, hello?.plainMs ?? null)),
        spread(cachedMs),
        format(ratio),
        goal === null ? '' : `≤ ${goal}: ${ratio <= goal ? 'holds' : 'missed'}`,
        Number.isNaN(rssMiB) ? '' : rssMiB.toFixed(0),
        answers,
      ]
    }),
  ]
}

/** `137 (130–152)` */
function spread(times: readonly number[] | null): string {
  if (times === null) return ''
  const [median, shortest, longest] = [0.5, 0, 1].map((share) => percentile(times, share).toFixed(0))
  return `${median} (${shortest}–${longest})`
}

function ratioOf(times: readonly number[] | null, others: readonly number[] | null): number {
  return times === null || others === null ? Number.NaN : percentile(times, 0.5) / percentile(others, 0.5)
}

function format(ratio: number): string {
  return Number.isNaN(ratio) ? '' : ratio.toFixed(2)
}
