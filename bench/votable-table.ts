import type { Field } from '../shared/votable/field.ts'

/** A column of the table that is read, with the SQL that makes its values of `i` and of random numbers. */
export interface BenchColumn extends Field {
  readonly sql: string
}

const double = (name: string, sql: string): BenchColumn => ({ name, datatype: 'double', sql: `(${sql})::float8` })
const float = (name: string, sql: string): BenchColumn => ({ name, datatype: 'float', sql: `(${sql})::real` })

/** Twenty columns as a catalogue of objects has them. */
export const COLUMNS: readonly BenchColumn[] = [
  { name: 'object_id', datatype: 'long', sql: '4611686018427387904 + i' },
  double('ra', '360 * random()'),
  double('dec', 'degrees(asin(2 * random() - 1))'),
  float('ra_error', 'random() / 1000'),
  float('dec_error', 'random() / 1000'),
  double('pm_ra', '20 * random() - 10'),
  double('pm_dec', '20 * random() - 10'),
  double('parallax', 'case when random() < 0.9 then random() end'),
  float('parallax_error', 'random() / 10'),
  float('g_mag', '12 + 10 * random()'),
  float('bp_mag', '12 + 10 * random()'),
  float('rp_mag', '12 + 10 * random()'),
  double('g_flux', '1e5 * random()'),
  double('g_flux_error', '100 * random()'),
  { name: 'observations', datatype: 'int', sql: '(1000 * random())::int' },
  { name: 'detector', datatype: 'short', sql: '(188 * random())::smallint' },
  { name: 'extended', datatype: 'boolean', sql: 'random() < 0.1' },
  { name: 'band', datatype: 'char', arraysize: '*', sql: "substr('ugrizy', 1 + (5 * random())::int, 1)" },
  { name: 'name', datatype: 'char', arraysize: '*', sql: "'Star J' || lpad(i::text, 12, '0')" },
  double('epoch', '2457000 + 1000 * random()'),
]

export const SELECT = `select ${COLUMNS.map(({ name }) => name).join(', ')} from object`

export const tableSql = (rows: number): string => `
  create unlogged table object as
  select ${COLUMNS.map(({ name, sql }) => `${sql} as ${name}`).join(', ')} from generate_series(1, ${rows}) i`
