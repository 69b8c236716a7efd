import type { YamlMap } from '../../yaml/values.ts'
import type { Path } from '../location.ts'
import type { Index } from '../model.ts'
import { type Fields, nested, objectReader } from '../read-object.ts'
import { list, nullable, text } from '../readers.ts'
import { type Reading, report } from '../reading.ts'
import { BASE_FIELDS, BASE_RULES, deriveId } from './base.ts'

const FIELDS: Fields<Index> = {
  ...BASE_FIELDS,
  columns: {
    name: 'columns',
    meaning: 'The ids of the columns it is made of.',
    read: nullable(list(text)),
    initial: null,
  },
  expressions: {
    name: 'expressions',
    meaning: 'What it is made of, if not of columns: SQL expressions.',
    read: nullable(list(text)),
    initial: null,
  },
}

/** Felis looks at which of the two keys are there, not at their values. */
function derive(written: YamlMap, loc: Path, reading: Reading): YamlMap | null {
  const hasColumns = written.has('columns')
  if (hasColumns === written.has('expressions')) {
    const message = hasColumns ? 'Defining columns and expressions is not valid' : 'Must define columns or expressions'
    report(reading, { loc, code: 'index_definition', message })
  }
  return deriveId(written, loc, reading)
}

export const readIndex = nested(
  objectReader<Index>({ noun: 'an index', fields: FIELDS, unknownKeys: 'refused', derive, rules: BASE_RULES }),
)
