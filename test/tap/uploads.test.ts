import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { FetchPublicError } from '../../shared/platform/fetch-public.ts'
import { type FetchUpload, openUploads, parseUploads, type UploadForm } from '../../shared/tap/uploads.ts'

const CSV = Buffer.from('a,b\n1,x\n2,y\n')
const VOTABLE = Buffer.from(
  '<?xml version="1.0"?>\n<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int"/><DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>',
)
const LIMITS = { tables: 3, rows: 10, bytes: 10_000 }

describe('the parameter UPLOAD', () => {
  const part = (name: string, of = name) => ({ name, source: { kind: 'part', part: of } })
  test.each([
    [['t1,param:t1'], [part('t1')]],
    [['a,param:x;b,param:y'], [part('a', 'x'), part('b', 'y')]],
    [
      ['a,param:x', 'b,param:y'],
      [part('a', 'x'), part('b', 'y')],
    ],
    [[' a , param:x ; b,PARAM:y; '], [part('a', 'x'), part('b', 'y')]],
    [['', ' '], []],
    [[], []],
    [
      ['a,http://x.org/t?p=1;q=2,3;b,param:b'],
      [{ name: 'a', source: { kind: 'url', url: 'http://x.org/t?p=1;q=2,3' } }, part('b')],
    ],
    [['a,HTTPS://x.org/'], [{ name: 'a', source: { kind: 'url', url: 'HTTPS://x.org/' } }]],
  ])('%j is read', (values, expected) => {
    expect(parseUploads(values)).toEqual(expected)
  })

  test.each([
    [['t1'], 'is not a name, a comma and a URI'],
    [['t1,'], 'is not a name, a comma and a URI'],
    [[',param:x'], 'cannot be the name of a table'],
    [['1a,param:x'], 'cannot be the name of a table'],
    [['a-b,param:x'], 'cannot be the name of a table'],
    [['"a",param:x'], 'cannot be the name of a table'],
    [["a'; drop table x; --,param:x"], 'is not a name, a comma and a URI'],
    [['é,param:x'], 'cannot be the name of a table'],
    [[`${'a'.repeat(129)},param:x`], 'cannot be the name of a table'],
    [['TAP_UPLOAD.a,param:x'], 'leave out TAP_UPLOAD'],
    [['a,param:x;A,param:y'], 'Two tables of UPLOAD are called "A"'],
    [['a,param:x', 'a,param:y'], 'Two tables of UPLOAD are called "a"'],
    [['a,ftp://x.org/t'], 'possible are param:, http: and https:'],
    [['a,file:///etc/passwd'], 'possible are param:, http: and https:'],
    [['a,param:'], 'possible are param:, http: and https:'],
    [['a,b'], 'possible are param:, http: and https:'],
    [['a,param:x;2b,param:y'], '"2b" in UPLOAD cannot be the name of a table'],
  ])('%j is refused', (values, expected) => {
    expect(() => parseUploads(values)).toThrow(expected)
    expect(() => parseUploads(values)).toThrow(expect.objectContaining({ code: 'upload_parameter', kind: 'malformed' }))
  })
})

const form = (
  files: Readonly<Record<string, Uint8Array>>,
  pairs: UploadForm['pairs'] = [],
  contentType: string | null = null,
) => ({
  pairs,
  files: new Map(Object.entries(files).map(([name, content]) => [name, { content, contentType }])),
})

const noFetch: FetchUpload = () => Promise.reject(new Error('nothing is to be fetched'))

async function open(uploads: string, given: UploadForm = form({}), fetch = noFetch, limits = LIMITS) {
  const opened = await openUploads(parseUploads([uploads]), given, { limits, fetch })
  return Promise.all(
    opened.map(async ({ name, table }) => {
      let bytes = 0
      for await (const part of table.rows) bytes += part.length
      return { name, columns: table.fields.map((field) => `${field.name} ${field.datatype}`), hasRows: bytes > 21 }
    }),
  )
}

const AS_CSV = { name: 't', columns: ['a long', 'b char'], hasRows: true }
const AS_VOTABLE = { name: 't', columns: ['a int'], hasRows: true }

describe('a table of the form is found', () => {
  test('by the name of its part, also in other case', async () => {
    expect(await open('t,param:x', form({ x: CSV }))).toEqual([AS_CSV])
    expect(await open('t,param:X', form({ x: CSV, y: VOTABLE }))).toEqual([AS_CSV])
    expect(await open('t,param:X', form({ x: CSV, X: VOTABLE }))).toEqual([AS_VOTABLE])
  })

  test('in a part that is no file', async () => {
    expect(await open('t,param:x', form({}, [['x', CSV.toString()]]))).toEqual([AS_CSV])
  })

  test('or the message says which parts there are', async () => {
    await expect(open('t,param:x', form({ y: CSV }))).rejects.toThrow(
      'a part called "x", which the request does not have: the files are "y"',
    )
    await expect(open('t,param:x')).rejects.toThrow('it must be multipart/form-data')
  })
})

describe('what a table is in shows in its bytes', () => {
  test.each<[string, Uint8Array, string | null, object]>([
    ['a VOTable without a type', VOTABLE, null, AS_VOTABLE],
    ['a VOTable sent as plain bytes', VOTABLE, 'application/octet-stream', AS_VOTABLE],
    ['a VOTable sent as text', VOTABLE, 'text/csv', AS_VOTABLE],
    ['a VOTable with a mark of its byte order', Buffer.concat([Buffer.from('\ufeff'), VOTABLE]), null, AS_VOTABLE],
    ['a VOTable in UTF-16', Buffer.from(`\ufeff${VOTABLE}`, 'utf16le'), null, AS_VOTABLE],
    ['a packed VOTable', gzipSync(VOTABLE), 'application/x-votable+xml', AS_VOTABLE],
    ['packed CSV', gzipSync(CSV), 'application/gzip', AS_CSV],
    ['CSV without a type', CSV, null, AS_CSV],
    ['CSV with a type', CSV, 'text/csv;header=present', AS_CSV],
    ['CSV with a mark of its byte order', Buffer.concat([Buffer.from('\ufeff'), CSV]), null, AS_CSV],
    ['TSV without a type', Buffer.from('a\tb\n1\tx\n'), null, AS_CSV],
    ['TSV with a type', Buffer.from('a\tb\n1\tx\n'), 'text/tab-separated-values', AS_CSV],
  ])('%s', async (_, bytes, contentType, expected) => {
    expect(await open('t,param:t', form({ t: bytes }, [], contentType))).toEqual([expected])
  })

  test.each<[string, Uint8Array, string | null, string]>([
    ['FITS', Buffer.from('SIMPLE  =                    T'), 'application/fits', 'it is a FITS file; send a VOTable'],
    ['Parquet', Buffer.from('PAR1\0\0'), null, 'it is a Parquet file'],
    ['a spreadsheet', Buffer.from('PK\x03\x04'), null, 'a ZIP archive or a spreadsheet'],
    ['JSON', Buffer.from('{"a": 1}'), 'application/json', 'it is JSON'],
    ['nothing', Buffer.alloc(0), null, 'it is empty'],
    ['text that is called XML', CSV, 'text/xml', 'it is sent as text/xml, but is not XML'],
    ['HTML', Buffer.from('<html><body>Not found</body></html>'), null, 'its first element is <html>, not <VOTABLE>'],
    ['gzip that breaks off', gzipSync(VOTABLE).subarray(0, 40), null, 'its gzip data are damaged or break off'],
  ])('%s is refused', async (_, bytes, contentType, expected) => {
    await expect(open('t,param:t', form({ t: bytes }, [], contentType))).rejects.toThrow(expected)
  })
})

describe('a table at a URL', () => {
  test('is fetched', async () => {
    const fetch: FetchUpload = async (url, { maxBytes }) => {
      expect([url, maxBytes]).toEqual(['https://x.org/t.csv', 10_000])
      return {
        contentType: null,
        content: (async function* () {
          yield CSV
        })(),
      }
    }
    expect(await open('t,https://x.org/t.csv', form({}), fetch)).toEqual([AS_CSV])
  })

  test('that is refused, or breaks off, says its name and address', async () => {
    const refused = () => Promise.reject(new FetchPublicError('its host is not on the public internet'))
    const expected =
      'The uploaded table "t" cannot be fetched from "http://10.0.0.1/x": its host is not on the public internet.'
    await expect(open('t,http://10.0.0.1/x', form({}), refused)).rejects.toMatchObject({
      code: 'upload_unreachable',
      message: expected,
    })
    const broken: FetchUpload = async () => ({
      contentType: null,
      content: (async function* () {
        yield VOTABLE.subarray(0, 100)
        throw new FetchPublicError('the connection was lost')
      })(),
    })
    await expect(open('t,http://x.org/x', form({}), broken)).rejects.toMatchObject({ code: 'upload_unreachable' })
  })
})

describe('limits say what they are', () => {
  test.each<[string, Uint8Array, Partial<typeof LIMITS>, string]>([
    ['tables', CSV, { tables: 1 }, 'This service takes 1 uploaded tables with a query; this one has 2.'],
    ['none at all', CSV, { tables: 0 }, 'This service takes no uploaded tables with a query'],
    ['rows of CSV', CSV, { rows: 1 }, 'has more than 1 rows, the limit of this service for each uploaded table'],
    ['rows of a VOTable', VOTABLE, { rows: 0 }, 'has more than 0 rows, the limit of this service'],
    ['bytes', VOTABLE, { bytes: 50 }, 'has more than 50 bytes, the limit of this service'],
    ['bytes when it is unpacked', gzipSync(Buffer.alloc(100_000, 'a,b\n')), {}, 'has more than 10000 bytes'],
    ['columns', Buffer.from(`${Array(901).fill('a').join()}\n`), {}, 'has more than 900 columns'],
  ])('%s', async (_, bytes, limits, expected) => {
    const opening = open('t,param:t;u,param:t', form({ t: bytes }), noFetch, { ...LIMITS, ...limits })
    await expect(opening).rejects.toMatchObject({
      code: 'upload_too_large',
      message: expect.stringContaining(expected),
    })
  })
})

test('tables that were opened are let go of when another one cannot be', async () => {
  let isClosed = false
  const fetch: FetchUpload = async () => ({
    contentType: null,
    content: (async function* () {
      try {
        yield VOTABLE.subarray(0, VOTABLE.indexOf('</TABLEDATA>'))
        for (;;) yield Buffer.from('<TR><TD>1</TD></TR>'.repeat(1000))
      } finally {
        isClosed = true
      }
    })(),
  })
  await expect(
    open('t,http://x.org/;u,param:nothing', form({}), fetch, { ...LIMITS, rows: 1e6, bytes: 1e9 }),
  ).rejects.toThrow('which the request does not have')
  expect(isClosed).toBe(true)
})
