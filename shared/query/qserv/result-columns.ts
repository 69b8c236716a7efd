import type { ResultColumn } from '../../adql/resolved.ts'
import type { ResultKind, ResultColumn as ScannedColumn } from '../../qserv/result-column.ts'
import { parseArraysize } from '../../votable/field.ts'
import { QueryServiceError } from '../errors.ts'

const SCALARS: Readonly<Record<string, ResultKind>> = {
  boolean: 'boolean',
  unsignedByte: 'unsignedByte',
  short: 'short',
  int: 'int',
  long: 'long',
  float: 'float',
  double: 'double',
}

/**
 * What Qserv's values are, by the columns of the resolved query: its own schema has no unsigned types and comes last.
 *
 * @throws QueryServiceError for a type that MariaDB has not
 */
export function scannedColumns(columns: readonly ResultColumn[]): readonly ScannedColumn[] {
  return columns.map(({ name, type: { kind, datatype, arraysize } }) => {
    if (kind === 'timestamp') return { name, kind: 'timestamp' }
    if (datatype === 'char' || datatype === 'unicodeChar') return { name, kind: 'text' }
    const isArray = arraysize !== undefined && arraysize !== '1'
    if (datatype === 'bit')
      return { name, kind: 'bits', bits: isArray ? (parseArraysize(arraysize)?.count ?? null) : 1 }
    if (datatype === 'unsignedByte' && isArray) return { name, kind: 'bytes' }
    const scalar = isArray ? undefined : SCALARS[datatype]
    if (scalar !== undefined) return { name, kind: scalar }
    const what = `${datatype}${arraysize === undefined ? '' : `[${arraysize}]`}`
    throw new QueryServiceError(
      `TAP_SCHEMA describes column ${name} as ${what}, which Qserv does not have: leave it out.`,
    )
  })
}
