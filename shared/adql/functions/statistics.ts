import { DOUBLE, type ValueType } from '../value-type.ts'
import type { FunctionRow, Parameter, Signature, Typed } from './row.ts'
import { alias, udf } from './udf.ts'

const X: Parameter = { name: 'x', type: 'DOUBLE' }
/** Qserv adds up what its workers computed, which is possible for these alone. */
const NOT_ON_QSERV = 'Qserv computes COUNT, SUM, AVG, MIN and MAX only.'

function sameUnit([x]: readonly Typed[]): string | undefined {
  return x?.unit
}

function squaredUnit([x]: readonly Typed[]): string | undefined {
  if (x?.unit === undefined) return undefined
  return /^[A-Za-z]+$/.test(x.unit) ? `${x.unit}**2` : `(${x.unit})**2`
}

function statistic(name: string, meaning: string, unit: Signature['unit']): FunctionRow {
  return udf({
    name,
    signatures: [{ parameters: [X], returns: 'DOUBLE', result: DOUBLE, ...(unit === undefined ? {} : { unit }) }],
    meaning,
    aggregate: true,
    postgresql: (x) => `${name.toLowerCase()}(${x})`,
    qserv: NOT_ON_QSERV,
  })
}

const SAMPLE = 'as estimated from a sample (n - 1); NULL for fewer than two values.'
const POPULATION = 'of the values as the whole population (n).'

const COUNTS: ValueType = { kind: 'array', datatype: 'int', arraysize: '*' }

/** The bins are counted in a subquery over the numbers of all rows' bins: PostgreSQL has no aggregate that does it. */
const HISTOGRAM = udf({
  name: 'ivo_histogram',
  signatures: [
    {
      parameters: [
        { name: 'val', type: 'DOUBLE' },
        { name: 'lower', type: 'DOUBLE', literal: true },
        { name: 'upper', type: 'DOUBLE', literal: true },
        { name: 'nbins', type: 'INTEGER', literal: true, range: { what: 'number of bins', from: 1, to: 10_000 } },
      ],
      returns: 'INTEGER[]',
      result: COUNTS,
    },
  ],
  meaning:
    'Numbers of values below lower (NULL counts there), in each of nbins equal bins from lower to upper, and from upper on: nbins + 2 numbers.',
  aggregate: true,
  postgresql: (value, lower, upper, bins) => {
    const bin = `(select case when h.x is null or h.x < ${lower} then 0 when h.x >= ${upper} then ${bins} + 1 else least(${bins}, 1 + floor((h.x - ${lower}) / (${upper} - ${lower}) * ${bins})::integer) end from (select ${value} as x offset 0) as h)`
    const counts = `select h.bin, count(*) as n from unnest(array_agg(${bin})) as h(bin) group by h.bin`
    return `(select array_agg(coalesce(c.n, 0)::integer order by b.bin) from generate_series(0, ${bins} + 1) as b(bin) left join (${counts}) as c on c.bin = b.bin)`
  },
  qserv: NOT_ON_QSERV,
})

export const STATISTICS: readonly FunctionRow[] = [
  statistic('STDDEV', `Standard deviation, ${SAMPLE}`, sameUnit),
  statistic('STDDEV_SAMP', `Standard deviation, ${SAMPLE}`, sameUnit),
  statistic('STDDEV_POP', `Standard deviation ${POPULATION}`, sameUnit),
  statistic('VARIANCE', `Variance, ${SAMPLE}`, squaredUnit),
  statistic('VAR_SAMP', `Variance, ${SAMPLE}`, squaredUnit),
  statistic('VAR_POP', `Variance ${POPULATION}`, squaredUnit),
  udf({
    name: 'scisql_median',
    signatures: [{ parameters: [X], returns: 'DOUBLE', result: DOUBLE, unit: sameUnit }],
    meaning: 'Median of the values that are not NULL; the mean of the two in the middle.',
    aggregate: true,
    postgresql: (x) => `percentile_cont(0.5) within group (order by ${x})`,
    qserv: NOT_ON_QSERV,
  }),
  udf({
    name: 'scisql_percentile',
    signatures: [
      {
        parameters: [X, { name: 'p', type: 'DOUBLE', literal: true, range: { what: 'percentile', from: 0, to: 100 } }],
        returns: 'DOUBLE',
        result: DOUBLE,
        unit: sameUnit,
      },
    ],
    meaning: 'The value below which p per cent of the values lie, between two values in proportion.',
    aggregate: true,
    postgresql: (x, p) => `percentile_cont(${p} / 100) within group (order by ${x})`,
    qserv: NOT_ON_QSERV,
  }),
  HISTOGRAM,
  alias(HISTOGRAM, 'gavo_histogram'),
]
