import { type ValueType, valueTypeOf } from '../value-type.ts'
import type { FunctionRow, Typed } from './row.ts'
import { udf } from './udf.ts'

function elementType([type]: readonly ValueType[]): ValueType {
  return valueTypeOf(type?.datatype ?? 'double')
}

function unitOfArray([array]: readonly Typed[]): string | undefined {
  return array?.unit
}

/** Arrays, of which ADQL itself knows only that they can be selected. */
export const ARRAYS: readonly FunctionRow[] = [
  udf({
    name: 'ARRAY_ELEMENT',
    signatures: [
      {
        parameters: [
          { name: 'arr', type: 'ARRAY' },
          { name: 'i', type: 'INTEGER', range: { what: 'place in an array', from: 1, to: 2_147_483_647 } },
        ],
        returns: 'same',
        result: elementType,
        unit: unitOfArray,
      },
    ],
    meaning: 'The element of the array at place i, counted from 1; NULL where the array has none there.',
    postgresql: (array, index) => `(${array})[${index}]`,
    qserv: 'Qserv has no arrays.',
  }),
]
