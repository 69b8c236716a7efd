import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { expect, it } from 'vitest'
import type { Field } from '../../shared/votable/field.ts'
import { copyBinary, inChunks } from '../support/copy-binary.ts'
import { readVotable } from '../support/read-votable.ts'
import { writeWhole } from '../support/write-table.ts'

const FIELDS: readonly Field[] = [
  { name: 'id', datatype: 'int', ucd: 'meta.id', id: 'id' },
  { name: 'name', datatype: 'char', arraysize: '*', description: 'as it is called' },
]
const INFOS = [{ name: 'QUERY', value: 'select 1' }]

const table = (rows: number) =>
  copyBinary(
    ['int4', 'text'],
    Array.from({ length: rows }, (_, index) => [index, index % 3 === 0 ? null : `name ${index % 100}`]),
  )
const write = (rows: number, maxRows = 1e9) =>
  writeWhole(inChunks(table(rows), [65_536]), { fields: FIELDS, infos: INFOS }, 'parquet', maxRows)

const bufferOf = (file: Buffer) => new Uint8Array(file).buffer

function describedBy(file: Buffer) {
  const entries = parquetMetadata(bufferOf(file)).key_value_metadata ?? []
  const metadata = new Map(entries.map(({ key, value }) => [key, value ?? '']))
  expect(metadata.get('IVOA.VOTable-Parquet.version')).toBe('1.0')
  return readVotable(Buffer.from(metadata.get('IVOA.VOTable-Parquet.content') ?? ''))
}

it('the footer has a VOTable without data, whose fields are the columns', async () => {
  const { fields, descriptions, infos, paths } = describedBy(await write(3))
  expect(fields).toEqual([
    { ID: 'id', name: 'id', datatype: 'int', ucd: 'meta.id' },
    { name: 'name', datatype: 'char', arraysize: '*' },
  ])
  expect(descriptions).toEqual(['as it is called'])
  expect(infos.map(({ attributes }) => Object.values(attributes))).toEqual([
    ['QUERY_STATUS', 'OK'],
    ['QUERY', 'select 1'],
  ])
  expect(paths).not.toContain('VOTABLE/RESOURCE/TABLE/DATA')
})

it('an overflow stands in the footer', async () => {
  const file = await write(5, 2)
  expect(await parquetReadObjects({ file: bufferOf(file) })).toHaveLength(2)
  expect(describedBy(file).infos.at(-1)).toMatchObject({ attributes: { value: 'OVERFLOW' }, isTrailing: true })
})

it('a result without rows is a file with its columns', async () => {
  for (const file of [await write(0), await write(5, 0)]) {
    expect(await parquetReadObjects({ file: bufferOf(file) })).toEqual([])
    expect(parquetMetadata(bufferOf(file)).schema.map(({ name }) => name)).toEqual(['schema', 'id', 'name'])
  }
})

it('rows come in groups, so that no more than one group is in memory', async () => {
  const rows = 150_000
  const file = await write(rows)
  const groups = parquetMetadata(bufferOf(file)).row_groups.map(({ num_rows }) => Number(num_rows))
  expect(groups).toEqual([47_376, 47_376, 47_376, rows - 3 * 47_376])
  const read = await parquetReadObjects({ file: bufferOf(file), rowStart: 131_070, rowEnd: 131_075 })
  expect(read.map(({ id, name }) => [id, name])).toEqual([
    [131_070, null],
    [131_071, 'name 71'],
    [131_072, 'name 72'],
    [131_073, null],
    [131_074, 'name 74'],
  ])
})
