import { describe, expect, it } from 'vitest'
import { chooseFormat, FORMATS, listFormats } from '../../shared/votable/formats.ts'

const VOTABLE = 'application/x-votable+xml'

/** What is asked, what it is written as, and the content type of the answer. */
const ASKED: readonly (readonly [asked: string | undefined, serialization: string, contentType: string])[] = [
  [undefined, 'binary2', VOTABLE],
  ['', 'binary2', VOTABLE],
  ['  ', 'binary2', VOTABLE],
  ['votable', 'binary2', VOTABLE],
  [' VOTable ', 'binary2', VOTABLE],
  ['votable/b2', 'binary2', `${VOTABLE};serialization=BINARY2`],
  ['votable/td', 'tabledata', `${VOTABLE};serialization=TABLEDATA`],
  [VOTABLE, 'binary2', VOTABLE],
  ['Application/X-VOTable+XML', 'binary2', VOTABLE],
  ['application/x-votable xml', 'binary2', VOTABLE],
  [`${VOTABLE};serialization=TABLEDATA`, 'tabledata', `${VOTABLE};serialization=TABLEDATA`],
  [`${VOTABLE} ; serialization = tabledata`, 'tabledata', `${VOTABLE};serialization=tabledata`],
  [`${VOTABLE};SERIALIZATION="binary2"`, 'binary2', `${VOTABLE};serialization=binary2`],
  [`${VOTABLE};charset=UTF-8`, 'binary2', `${VOTABLE};charset=UTF-8`],
  ['text/xml', 'binary2', 'text/xml'],
  ['csv', 'csv', 'text/csv;header=present;charset=utf-8'],
  ['CSV', 'csv', 'text/csv;header=present;charset=utf-8'],
  ['text/csv', 'csv', 'text/csv'],
  ['text/csv; header=present', 'csv', 'text/csv;header=present'],
  ['tsv', 'tsv', 'text/tab-separated-values;charset=utf-8'],
  ['text/tab-separated-values', 'tsv', 'text/tab-separated-values'],
  ['parquet', 'parquet', 'application/vnd.apache.parquet'],
  ['application/vnd.apache.parquet', 'parquet', 'application/vnd.apache.parquet'],
]

const UNKNOWN = [
  'fits',
  'votable/fits',
  'json',
  'text/html',
  'text/csv;header=absent',
  'text/csv;charset=latin1',
  `${VOTABLE};serialization=BINARY`,
  `${VOTABLE};serialization=FITS`,
  `${VOTABLE};serialization`,
  `${VOTABLE};version=1.1`,
  ';',
  'votable, csv',
]

describe('chooseFormat', () => {
  it.each(ASKED)('answers %j as %s, %s', (asked, serialization, contentType) => {
    expect(chooseFormat(asked)).toMatchObject({ serialization, contentType })
  })

  it.each(UNKNOWN)('does not know %j', (asked) => {
    expect(chooseFormat(asked)).toBeNull()
  })

  it('answers every media type and alias of the table', () => {
    for (const { mediaType, aliases, serialization, extension } of FORMATS) {
      for (const name of [mediaType, ...aliases]) expect(chooseFormat(name)).toMatchObject({ serialization, extension })
      expect(chooseFormat(mediaType)?.contentType).toBe(mediaType)
    }
  })
})

it('the formats are listed by their short names for messages', () => {
  expect(listFormats()).toBe('votable, votable/b2, votable/td, text/xml, csv, tsv, parquet')
})
