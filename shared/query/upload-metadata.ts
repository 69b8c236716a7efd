import { ColumnList, type ColumnMetadata, type Position, type TableMetadata } from '../adql/metadata.ts'
import { positionsOf } from '../adql/tables-from-rows.ts'
import { valueTypeOf } from '../adql/value-type.ts'
import type { Field } from '../votable/field.ts'
import type { Upload } from './upload.ts'

const REGULAR = /^[A-Za-z][A-Za-z0-9_]*$/

/**
 * What queries can name of an uploaded table: `TAP_UPLOAD.name` and its columns, whose names compare as those of the
 * service's tables do.
 *
 * @param physical where it lies; its columns are called c1, c2 … there
 */
export function describeUpload(
  { name, table }: Upload,
  physical: { readonly schema: string; readonly name: string },
): TableMetadata {
  return {
    schema: { text: 'TAP_UPLOAD', delimited: false },
    name: { text: name, delimited: false },
    tapName: `TAP_UPLOAD.${name}`,
    ...(table.description === undefined ? {} : { description: table.description }),
    ...describeFields(table.fields),
    physical,
    upload: true,
  }
}

/** The columns c1, c2 … of a table that a user has sent, by what FIELDs say of them. */
export function describeFields(fields: readonly Field[]): Pick<TableMetadata, 'columns' | 'positions'> {
  const columns = fields.map(columnOf)
  return { columns: new ColumnList(columns), positions: positionsIn(columns) }
}

function columnOf(
  { name, datatype, arraysize, xtype, unit, ucd, utype, description }: Field,
  index: number,
): ColumnMetadata {
  return {
    name: { text: name, delimited: !REGULAR.test(name) },
    type: valueTypeOf(datatype, arraysize, xtype),
    physical: `c${index + 1}`,
    ...(unit === undefined ? {} : { unit }),
    ...(ucd === undefined ? {} : { ucd }),
    ...(utype === undefined ? {} : { utype }),
    ...(description === undefined ? {} : { description }),
  }
}

/** How positions are called where no UCD says it, the usual ones first. */
const USUAL_NAMES = [
  ['ra', 'dec'],
  ['raj2000', 'dej2000'],
  ['ra_j2000', 'dec_j2000'],
  ['ra_deg', 'dec_deg'],
  ['radeg', 'dedeg'],
  ['s_ra', 's_dec'],
  ['coord_ra', 'coord_dec'],
  ['alpha', 'delta'],
] as const

/** Its positions by UCD, or else the first pair of columns that are called like one. */
function positionsIn(columns: readonly ColumnMetadata[]): readonly Position[] {
  const known = positionsOf(columns)
  if (known.length > 0) return known
  const find = (name: string) =>
    columns.find(({ name: { text }, type }) => type.kind === 'real' && text.toLowerCase() === name)
  for (const [first, second] of USUAL_NAMES) {
    const [longitude, latitude] = [find(first), find(second)]
    if (longitude !== undefined && latitude !== undefined) return [{ longitude, latitude }]
  }
  return []
}
