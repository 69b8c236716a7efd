/**
 * Functions of databases and other services that people write and ADQL lacks: what to write instead, ready to be pasted,
 * and why. Those without `instead` have no counterpart.
 */
interface ForeignFunction {
  readonly instead?: string
  readonly hint?: string
}

const NO_TEXT_FUNCTIONS = 'ADQL has no functions that cut or measure texts; LIKE finds texts by a pattern.'
const NO_CHOICE = 'Write IF_THEN_ELSE(condition, value, otherwise).'
const NO_TIME = "ADQL has no calendar functions. Compare times with a text: obs_time > '2021-01-14'."

const NO_NAMES = 'This service does not ask name services. Look the position up and write POINT(ra, dec).'

const TABLE: Readonly<Record<string, ForeignFunction>> = {
  CEIL: { instead: 'CEILING' },
  LN: { instead: 'LOG', hint: 'LOG is the natural logarithm in ADQL.' },
  LOG2: { hint: 'Write LOG(x) / LOG(2).' },
  TRUNC: { instead: 'TRUNCATE' },
  POW: { instead: 'POWER' },
  SQR: { hint: 'Write POWER(x, 2).' },
  SQUARE: { hint: 'Write POWER(x, 2).' },
  RANDOM: { instead: 'RAND' },
  ARCCOS: { instead: 'ACOS' },
  ARCSIN: { instead: 'ASIN' },
  ARCTAN: { instead: 'ATAN' },
  ATN2: { instead: 'ATAN2' },
  AVERAGE: { instead: 'AVG' },
  MEAN: { instead: 'AVG' },
  UCASE: { instead: 'UPPER' },
  LCASE: { instead: 'LOWER' },
  UPPERCASE: { instead: 'UPPER' },
  LOWERCASE: { instead: 'LOWER' },
  CONCAT: { instead: '||', hint: 'Write a || b.' },
  CONCAT_WS: { instead: '||', hint: 'Write a || b.' },
  NVL: { instead: 'COALESCE' },
  IFNULL: { instead: 'COALESCE' },
  ISNULL: { instead: 'COALESCE', hint: 'To test, write x IS NULL.' },
  NULLIF: { instead: 'IF_THEN_ELSE', hint: 'Write IF_THEN_ELSE(a = b, NULL, a).' },
  IF: { instead: 'IF_THEN_ELSE', hint: NO_CHOICE },
  IIF: { instead: 'IF_THEN_ELSE', hint: NO_CHOICE },
  DECODE: { instead: 'CASE_CONDITION', hint: 'Write CASE_CONDITION(otherwise, condition, value, …).' },
  GREATEST: { instead: 'IF_THEN_ELSE', hint: 'Write IF_THEN_ELSE(a > b, a, b).' },
  LEAST: { instead: 'IF_THEN_ELSE', hint: 'Write IF_THEN_ELSE(a < b, a, b).' },
  SIGN: { instead: 'CASE_CONDITION', hint: 'Write CASE_CONDITION(0, x > 0, 1, x < 0, -1).' },
  TO_REAL: { instead: 'CAST', hint: 'Write CAST(x AS REAL).' },
  CONVERT: { instead: 'CAST', hint: 'Write CAST(x AS INTEGER).' },
  SUBSTR: { hint: NO_TEXT_FUNCTIONS },
  SUBSTRING: { hint: NO_TEXT_FUNCTIONS },
  TRIM: { hint: NO_TEXT_FUNCTIONS },
  LTRIM: { hint: NO_TEXT_FUNCTIONS },
  RTRIM: { hint: NO_TEXT_FUNCTIONS },
  LENGTH: { hint: NO_TEXT_FUNCTIONS },
  LEN: { hint: NO_TEXT_FUNCTIONS },
  CHAR_LENGTH: { hint: NO_TEXT_FUNCTIONS },
  CHARACTER_LENGTH: { hint: NO_TEXT_FUNCTIONS },
  OCTET_LENGTH: { hint: NO_TEXT_FUNCTIONS },
  POSITION: { hint: NO_TEXT_FUNCTIONS },
  STRPOS: { hint: NO_TEXT_FUNCTIONS },
  INSTR: { hint: NO_TEXT_FUNCTIONS },
  REPLACE: { hint: NO_TEXT_FUNCTIONS },
  SPLIT_PART: { hint: NO_TEXT_FUNCTIONS },
  REGEXP: { instead: 'LIKE', hint: 'ADQL has no regular expressions; in LIKE, % stands for any text.' },
  MATCH: { instead: 'LIKE', hint: 'ADQL has no regular expressions; in LIKE, % stands for any text.' },
  NOW: { hint: NO_TIME },
  CURRENT_DATE: { hint: NO_TIME },
  CURRENT_TIME: { hint: NO_TIME },
  CURRENT_TIMESTAMP: { hint: NO_TIME },
  GETDATE: { hint: NO_TIME },
  EXTRACT: { hint: NO_TIME },
  DATE_PART: { hint: NO_TIME },
  YEAR: { hint: NO_TIME },
  MONTH: { hint: NO_TIME },
  DAY: { hint: NO_TIME },
  SPOINT: { instead: 'POINT', hint: 'POINT takes degrees.' },
  SCIRCLE: { instead: 'CIRCLE', hint: 'CIRCLE takes degrees.' },
  SPOLY: { instead: 'POLYGON', hint: 'POLYGON takes degrees.' },
  SBOX: { instead: 'POLYGON', hint: 'POLYGON takes degrees.' },
  Q3C_RADIAL_QUERY: { instead: 'DISTANCE', hint: 'Write DISTANCE(ra, dec, ra0, dec0) < r.' },
  Q3C_DIST: { instead: 'DISTANCE' },
  Q3C_JOIN: { instead: 'DISTANCE', hint: 'Write JOIN … ON DISTANCE(a.ra, a.dec, b.ra, b.dec) < r.' },
  CROSSMATCH_POSITIONAL: { instead: 'DISTANCE', hint: 'Write JOIN … ON DISTANCE(a.ra, a.dec, b.ra, b.dec) < r.' },
  ST_DISTANCE: { instead: 'DISTANCE' },
  ST_CONTAINS: { instead: 'CONTAINS' },
  ST_INTERSECTS: { instead: 'INTERSECTS' },
  ELLIPSE: { hint: 'ADQL has POINT, CIRCLE, BOX and POLYGON.' },
  RANGE: { hint: 'ADQL has POINT, CIRCLE, BOX and POLYGON.' },
  LAT: { instead: 'COORD2' },
  LONG: { instead: 'COORD1' },
  RANGE_S2D: { hint: 'Write POLYGON.' },
  MEDIAN: { instead: 'scisql_median' },
  PERCENTILE: { instead: 'scisql_percentile' },
  STRING_AGG: { instead: 'ivo_string_agg' },
  GAVO_SIMBADPOINT: { hint: NO_NAMES },
  GAVO_VOCMATCH: { hint: 'This service knows no vocabularies. List the terms: x IN (…).' },
  GAVO_IPIX: { instead: 'ivo_healpix_index' },
  GAVO_APPLY_PM: { instead: 'ivo_epoch_prop_pos' },
  IVO_APPLY_PM: { instead: 'ivo_epoch_prop_pos' },
  IVO_SIMBADPOINT: { hint: NO_NAMES },
  QSERV_AREASPEC_CIRCLE: { hint: 'Write CONTAINS(POINT(ra, dec), CIRCLE(ra0, dec0, r)) = 1.' },
  QSERV_AREASPEC_BOX: { hint: 'Write CONTAINS(POINT(ra, dec), POLYGON(…)) = 1.' },
  QSERV_AREASPEC_POLY: { hint: 'Write CONTAINS(POINT(ra, dec), POLYGON(…)) = 1.' },
}

export function findForeignFunction(name: string): ForeignFunction | undefined {
  const upper = name.toUpperCase()
  return Object.hasOwn(TABLE, upper) ? TABLE[upper] : undefined
}
