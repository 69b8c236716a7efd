/** Types of PostgreSQL, with their object identifiers where they are elements of arrays. */
const TYPES = { bool: 16, int2: 21, int8: 20, int4: 23, text: 25, float4: 700, float8: 701, bytea: 17, varbit: 1562 }

export type PgType = keyof typeof TYPES | `${keyof typeof TYPES}[]`

/** NULL, or what `encodeValue` takes for its type; arrays of arrays for more dimensions. */
export type PgValue = null | boolean | number | bigint | string | Uint8Array | readonly PgValue[]

/** What `copy (…) to stdout (format binary)` sends for such rows. */
export function copyBinary(types: readonly PgType[], rows: readonly (readonly PgValue[])[]): Buffer {
  const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
  const parts = rows.flatMap((row) => [
    int16(row.length),
    ...row.map((value, index) => encodeCell(types[index]!, value)),
  ])
  return Buffer.concat([header, ...parts, int16(-1)])
}

/** The bytes cut into chunks of these sizes, again and again. */
export async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (let index = 0; start < bytes.length; index++) {
    const size = sizes[index % sizes.length]!
    yield bytes.slice(start, start + size)
    start += size
  }
}

function encodeCell(type: PgType, value: PgValue): Buffer {
  if (value === null) return int32(-1)
  const bytes = encodeValue(type, value)
  return Buffer.concat([int32(bytes.length), bytes])
}

function encodeValue(type: PgType, value: Exclude<PgValue, null>): Buffer {
  if (Array.isArray(value)) return encodeArray(type.slice(0, -2) as PgType, value)
  const bytes = Buffer.alloc(8)
  switch (type) {
    case 'bool':
      return Buffer.from([value ? 1 : 0])
    case 'int2':
      return int16(Number(value))
    case 'int4':
      return int32(Number(value))
    case 'int8':
      bytes.writeBigInt64BE(BigInt(value as bigint))
      return bytes
    case 'float4':
      bytes.writeFloatBE(Number(value))
      return bytes.subarray(0, 4)
    case 'float8':
      bytes.writeDoubleBE(Number(value))
      return bytes
    case 'varbit':
      return encodeBits(String(value))
    default:
      return Buffer.from(value as string)
  }
}

/** Dimensions, a flag for NULLs, the elements' type; per dimension its size and lower bound; the elements. */
function encodeArray(type: PgType, value: readonly PgValue[]): Buffer {
  const sizes: number[] = []
  for (let part: PgValue = value; Array.isArray(part) && part.length > 0; part = part[0]) sizes.push(part.length)
  const elements = sizes.length === 0 ? [] : ((value as unknown[]).flat(sizes.length - 1) as PgValue[])
  return Buffer.concat([
    int32(sizes.length),
    int32(elements.includes(null) ? 1 : 0),
    int32(TYPES[type as keyof typeof TYPES]),
    ...sizes.flatMap((size) => [int32(size), int32(1)]),
    ...elements.map((element) => encodeCell(type, element)),
  ])
}

function encodeBits(bits: string): Buffer {
  const bytes = (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
  return Buffer.concat([int32(bits.length), Buffer.from(bytes)])
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
