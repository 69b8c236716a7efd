import { badArgument, failedOperation, writeEnvelope } from './envelope.ts'
import type { SqlResult } from './run-sql.ts'
import type { GeneratedResult, ResultColumnType } from './script.ts'

/** A body whose length is known before its first byte. */
export interface Body {
  readonly length: number
  readonly chunks: Iterable<Buffer>
}

export function bodyOf(content: Buffer): Body {
  return { length: content.length, chunks: [content] }
}

const HEAD = '{"error":"","error_ext":{},"rows":['

/** The result document (spec/qserv.md §1.6): rows before their schema, and `success` after both. */
export function writeResultJson({ schema, rows }: SqlResult, encoding: string, warning: string): Body {
  const show = encoderOf(encoding)
  const lines = rows.map((row) => {
    const cells = row.map((value) =>
      value === null ? '"NULL"' : typeof value === 'string' ? text(value) : show(value),
    )
    return `[${cells.join(',')}]`
  })
  return bodyOf(Buffer.from(`${HEAD}${lines.join(',')}${tail(schema, warning)}`))
}

/** The same of rows that are made up: never in memory as a whole. */
export function writeGenerated({ rows, cycle, schema }: GeneratedResult, warning: string): Body {
  const end = Buffer.from(tail(schema, warning))
  const block = Buffer.from(cycle.map((row) => `${row},`).join(''))
  const rest = Buffer.from(
    cycle
      .slice(0, rows % cycle.length)
      .map((row) => `${row},`)
      .join(''),
  )
  const blocks = Math.floor(rows / cycle.length)
  // The last one has no comma after it.
  const length = HEAD.length + Math.max(0, blocks * block.length + rest.length - 1) + end.length
  function* chunks() {
    yield Buffer.from(HEAD)
    for (let left = blocks; left > 0; left--) yield left > 1 || rest.length > 0 ? block : block.subarray(0, -1)
    if (rest.length > 0) yield rest.subarray(0, -1)
    yield end
  }
  return { length, chunks: chunks() }
}

function tail(schema: readonly ResultColumnType[], warning: string): string {
  const columns = schema.map(
    ({ column, type, is_binary }) =>
      `{"column":${JSON.stringify(column)},"is_binary":${is_binary},"table":"","type":${JSON.stringify(type)}}`,
  )
  return `],"schema":[${columns.join(',')}],"success":1,"warning":${JSON.stringify(warning)}}`
}

const text = (value: string) => JSON.stringify(value)

function encoderOf(encoding: string): (value: Buffer) => string {
  if (encoding === 'hex') return (value) => `"${value.toString('hex').toUpperCase()}"`
  if (encoding === 'b64') return (value) => `"${value.toString('base64')}"`
  if (encoding === 'array') return (value) => `[${[...value].join(',')}]`
  throw badArgument(`unsupported binary encoding ${encoding}`)
}

export function writeInvalidUtf8(): Buffer {
  const { message } = failedOperation('[json.exception.type_error.316] invalid UTF-8 byte at index 3: 0xE9')
  return writeEnvelope({ success: 0, error: message })
}
