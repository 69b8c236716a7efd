import { oneType, unitOfAll } from './general.ts'
import type { FunctionRow, Parameter } from './row.ts'
import { udf } from './udf.ts'

const CONDITION: Parameter = { name: 'condition', type: 'CONDITION' }
const VALUE: Parameter = { name: 'value', type: 'ANY' }
const OTHERWISE: Parameter = { name: 'otherwise', type: 'ANY' }

const NOT_ON_QSERV = 'Qserv takes conditions in WHERE only.'

/** What CASE is in SQL. ADQL knows conditions in WHERE, ON and HAVING alone; the names are those of the Gaia archive. */
export const CHOICES: readonly FunctionRow[] = [
  udf({
    name: 'IF_THEN_ELSE',
    signatures: [{ parameters: [CONDITION, VALUE, OTHERWISE], returns: 'same', result: oneType, unit: unitOfAll }],
    meaning: 'The value if the condition holds, else the other one. Both are of one type.',
    postgresql: 'own',
    qserv: NOT_ON_QSERV,
  }),
  udf({
    name: 'CASE_CONDITION',
    signatures: [
      { parameters: [OTHERWISE, CONDITION, VALUE], repeats: 2, returns: 'same', result: oneType, unit: unitOfAll },
    ],
    meaning: 'The value behind the first of the conditions that holds, else the one that stands before all of them.',
    postgresql: 'own',
    qserv: NOT_ON_QSERV,
  }),
]
