import { DOUBLE, INTEGER } from '../value-type.ts'
import type { FunctionRow } from './row.ts'
import { parameters, udf } from './udf.ts'

/** `12:30:15.5` with `marks` or blanks in the place of the colons; seconds may be left out. */
function sexagesimalSql(text: string, marks: string, factor: number, largest: number, what: string): string {
  const blanks = ' '.repeat(marks.length)
  const pattern = String.raw`^\s*([+-]?)\s*(\d{1,3})\s+([0-5]?\d)(?:\s+([0-5]?\d(?:\.\d*)?))?\s*$`
  const value = `p.m[2]::float8 + p.m[3]::float8 / 60 + coalesce(p.m[4], '0')::float8 / 3600`
  return `(select case when q.value <= ${largest} then q.value * ${factor} * case p.m[1] when '-' then -1 else 1 end when g.s is not null then ('not ${what}: ' || g.s)::float8 end
    from (select ${text} as s offset 0) as g, lateral (select regexp_match(translate(g.s, '${marks.replaceAll("'", "''")}', '${blanks}'), '${pattern}') as m offset 0) as p, lateral (select ${value} as value offset 0) as q)`
}

export const TEXTS: readonly FunctionRow[] = [
  udf({
    name: 'ivo_hms_to_degrees',
    signatures: [{ parameters: parameters(['hms', 'TEXT']), returns: 'DOUBLE', result: DOUBLE, unit: 'deg' }],
    meaning: 'Hours, minutes and seconds (12:30:15.5, 12 30 15.5 or 12h30m15.5s) in degrees. Other text is an error.',
    postgresql: (text = '') => sexagesimalSql(text, ':hms', 15, 24, 'hours, minutes and seconds'),
  }),
  udf({
    name: 'ivo_dms_to_degrees',
    signatures: [{ parameters: parameters(['dms', 'TEXT']), returns: 'DOUBLE', result: DOUBLE, unit: 'deg' }],
    meaning:
      'Degrees, minutes and seconds (-12:30:15.5, -12 30 15.5 or -12d30m15.5s) in degrees. Other text is an error.',
    postgresql: (text = '') => sexagesimalSql(text, `:dms°'"′″`, 1, 360, 'degrees, minutes and seconds'),
  }),
  udf({
    name: 'gavo_match',
    signatures: [{ parameters: parameters(['pattern', 'TEXT'], ['s', 'TEXT']), returns: 'INTEGER', result: INTEGER }],
    meaning: '1 if the regular expression (POSIX) matches a piece of s, else 0.',
    postgresql: (pattern, text) => `(${text} ~ ${pattern})::int`,
  }),
]
