import { OBSCORE_COLUMNS } from '../../shared/obscore/columns.ts'
import { randomNumbers } from '../support/random-numbers.ts'

export type Pick = <T>(values: readonly T[]) => T

export function pickWith(seed: number): Pick {
  const next = randomNumbers(seed)
  return (values) => values[Math.floor(next() * values.length)]!
}

const GOOD: Readonly<Record<string, readonly unknown[]>> = {
  calib_level: [0, 1, 2, 3, 4, 2.0],
  obs_collection: ['SKA-Mid AA2', 'Survey 2'],
  obs_id: ['eb-1', 'eb-2', 20260301],
  obs_publisher_did: ['ivo://skao.int/data?1', 'ivo://skao.int/data?2'],
  dataproduct_type: ['image', 'cube', 'visibility'],
  access_url: ['https://data.example.org/a?b=c', 'http://h:80/x'],
  s_region: [
    'Polygon ICRS 10 20 11 20 11 21',
    '{(10d,-20d),(11d,-20d),(11d,-19d)}',
    'Circle ICRS 10 5 1',
    [359, 1, 1, 1, 1, 2, 359, 2],
  ],
  pol_states: ['/I/Q/', '/XX/YY/'],
  obs_release_date: ['2026-03-01T12:00:00Z', '2026-03-01'],
  t_min: [60000.5, 60000],
  t_max: [60001, 60002.25],
  s_ra: [12.5, 359.999],
  s_dec: [-89, 45.5],
}

/** Values that are wrong in some column, or right in an unusual way. */
const ODD: readonly unknown[] = [
  ...[
    null,
    '',
    '  ',
    ' x ',
    '\tx\n',
    'NaN',
    'nan',
    'Infinity',
    '-Infinity',
    'inf',
    '0x10',
    '1_000',
    ' 12 ',
    '+5',
    '1e3',
    '.5',
    '5.',
    '-0',
    '1e400',
    '1e-400',
  ],
  ...[true, false, 0, -1, -1.5, 2.5, 4096.0, 360, 361, 1e30, '9007199254740993', 1e308, '9223372036854775808', 'true'],
  ...[[], {}, [1], ['I', 'Q'], { a: 1 }, [[1]], '[1]', '{"a": 1}', '{', '[', 'I Q', 'q,i', '/I/', '/', '360'],
  ...['2026-02-30', 'yesterday', 'now', '2026-03-01 24:00:00', '20260301', '2026-03-01T12:00:60', 'Jan 1 2026'],
  ...[
    'POLYGON ICRS 1 2 3 4 5 6 1 2',
    'POLYGON 350 -1 10 -1 10 1 350 1',
    '{(0.1,0.2),(0.2,0.2),(0.2,0.3)}',
    'CIRCLE GALACTIC 0 0 1',
  ],
  ...[
    'UNION (x)',
    'Polygon ICRS 0 80 90 80 180 80 270 80',
    '<(10d,20d),1d>',
    '1 2 3',
    'Polygon ICRS 1  2 3 4 5 6',
    'polygon j2000 1 2 3 4 5 6',
  ],
  ...[
    'Image',
    'IMAGE ',
    'ftp://x/y',
    'https://',
    'http:// h',
    'HTTP://H/',
    'O\'Neill "x" \\ $f$ %s',
    '\u00a0x',
    'ÄÖ𝒳 \u0001',
    'x'.repeat(3000),
  ],
]

/** A document, most often with one or two odd values. */
export function randomDocument(pick: Pick): unknown {
  const kind = pick(['clean', 'clean', 'odd', 'odd', 'odd', 'none'] as const)
  if (kind === 'none') return pick([null, 'null', [], 7, 'text', {}, { other: { deep: [1, { x: null }] } }])
  const document: Record<string, unknown> = {}
  for (const { name, mandatory } of OBSCORE_COLUMNS) {
    const values =
      GOOD[name] ??
      (name.includes('xel') ? [12, -1] : OF_KIND[OBSCORE_COLUMNS.find((c) => c.name === name)?.kind ?? ''])
    if (mandatory || pick([true, false, false])) document[name] = pick(values ?? ['words', 'other words'])
  }
  if (kind === 'odd') for (const _ of pick([[1], [1, 2]])) document[pick(OBSCORE_COLUMNS).name] = pick(ODD)
  return document
}

const OF_KIND: Readonly<Record<string, readonly unknown[]>> = {
  integer: [0, 12, 1e6],
  double: [0, 0.5, 12.25],
  url: ['https://h/p'],
  date: ['2026-03-01'],
}
