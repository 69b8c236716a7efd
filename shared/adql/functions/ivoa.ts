import { BIGINT, DOUBLE, INTEGER, textLike } from '../value-type.ts'
import type { FunctionRow, Signature } from './row.ts'
import { alias, parameters, udf } from './udf.ts'

/** The text of a timestamp's seconds since 1970, as PostgreSQL counts them. */
function epoch(time: string): string {
  return `extract(epoch from ${time})::float8`
}

const OF_TIME: Signature = { parameters: parameters(['d', 'TIMESTAMP']), returns: 'DOUBLE', result: DOUBLE, unit: 'd' }
const MATCH: Signature = {
  parameters: parameters(['value', 'TEXT'], ['pattern', 'TEXT']),
  returns: 'INTEGER',
  result: INTEGER,
}

const TO_JD = udf({
  name: 'ivo_to_jd',
  signatures: [OF_TIME],
  meaning: 'Julian date of a timestamp; time scales are left alone.',
  postgresql: (time = '') => `(${epoch(time)} / 86400 + 2440587.5)`,
})

const TO_MJD = udf({
  name: 'ivo_to_mjd',
  signatures: [OF_TIME],
  meaning: 'Modified Julian date of a timestamp; time scales are left alone.',
  postgresql: (time = '') => `(${epoch(time)} / 86400 + 40587)`,
})

/** The IVOA's catalogue of user defined functions (Endorsed Note 1.2), as far as PostgreSQL has them without help. */
export const IVOA: readonly FunctionRow[] = [
  udf({
    name: 'ivo_nocasematch',
    signatures: [MATCH],
    meaning: '1 if value ILIKE pattern, else 0.',
    postgresql: (value, pattern) => `(${value} ilike ${pattern} escape '')::int`,
  }),
  udf({
    name: 'ivo_hasword',
    signatures: [{ ...MATCH, parameters: parameters(['haystack', 'TEXT'], ['needle', 'TEXT']) }],
    meaning: '1 if all words of needle are in haystack, in any case and form, else 0.',
    postgresql: (haystack, needle) =>
      `(to_tsvector('english', ${haystack}) @@ plainto_tsquery('english', ${needle}))::int`,
  }),
  udf({
    name: 'ivo_hashlist_has',
    signatures: [{ ...MATCH, parameters: parameters(['hashlist', 'TEXT'], ['item', 'TEXT']) }],
    meaning: '1 if item, in any case, is one of the words that # separates in hashlist, else 0.',
    postgresql: (list, item) =>
      `(position('#' in ${item}) = 0 and lower(${item}) = any(string_to_array(lower(${list}), '#')))::int`,
  }),
  udf({
    name: 'ivo_string_agg',
    signatures: [
      { parameters: parameters(['expression', 'TEXT'], ['delimiter', 'TEXT']), returns: 'TEXT', result: textLike },
    ],
    meaning: 'The texts of all rows that are not NULL, with the delimiter between them, in any order.',
    aggregate: true,
    postgresql: (expression, delimiter) => `string_agg(${expression}, ${delimiter})`,
  }),
  udf({
    name: 'ivo_interval_overlaps',
    signatures: [
      {
        parameters: parameters(['a1', 'DOUBLE'], ['b1', 'DOUBLE'], ['a2', 'DOUBLE'], ['b2', 'DOUBLE']),
        returns: 'INTEGER',
        result: INTEGER,
      },
    ],
    meaning: '1 if the intervals from a1 to b1 and from a2 to b2 have a point in common, else 0.',
    postgresql: (a1, b1, a2, b2) => `(${a1} <= ${b2} and ${a2} <= ${b1} and ${a1} <= ${b1} and ${a2} <= ${b2})::int`,
  }),
  TO_JD,
  TO_MJD,
  udf({
    name: 'ivo_normal_random',
    signatures: [{ parameters: parameters(['mu', 'DOUBLE'], ['sigma', 'DOUBLE']), returns: 'DOUBLE', result: DOUBLE }],
    meaning: 'A random number of the normal distribution with mean mu and deviation sigma, another one in each row.',
    volatile: true,
    postgresql: (mu, sigma) => `(${mu} + ${sigma} * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))`,
  }),
]

const BITS = parameters(['a', 'BIGINT'], ['b', 'BIGINT'])
const OF_BITS: Signature = { parameters: BITS, returns: 'BIGINT', result: BIGINT }
/** Functions of other services under the names by which their users know them. */
export const OTHERS: readonly FunctionRow[] = [
  udf({
    name: 'BITWISE_AND',
    signatures: [OF_BITS],
    meaning: 'The bits that both integers have.',
    postgresql: (a, b) => `(${a} & ${b})`,
  }),
  udf({
    name: 'BITWISE_OR',
    signatures: [OF_BITS],
    meaning: 'The bits that one or both integers have.',
    postgresql: (a, b) => `(${a} | ${b})`,
  }),
  udf({
    name: 'BITWISE_XOR',
    signatures: [OF_BITS],
    meaning: 'The bits that one of the integers has and the other has not.',
    postgresql: (a, b) => `(${a} # ${b})`,
  }),
  udf({
    name: 'BITWISE_NOT',
    signatures: [{ ...OF_BITS, parameters: parameters(['a', 'BIGINT']) }],
    meaning: 'The bits that the integer has not.',
    postgresql: (a) => `(~${a})`,
  }),
  udf({
    name: 'GAIA_HEALPIX_INDEX',
    signatures: [
      {
        parameters: [
          { name: 'order', type: 'INTEGER', range: { what: 'HEALPix order', from: 0, to: 12 } },
          { name: 'source_id', type: 'BIGINT' },
        ],
        returns: 'BIGINT',
        result: BIGINT,
      },
    ],
    meaning: 'HEALPix pixel (nested) of a Gaia source at an order from 0 to 12, which its identifier holds.',
    postgresql: (order, id) => `(${id} >> (59 - 2 * ${order}))`,
  }),
  alias(TO_JD, 'gavo_to_jd'),
  alias(TO_MJD, 'gavo_to_mjd'),
]
