import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTable } from '../../shared/votable/read-table.ts'
import { runs } from '../support/effort.ts'
import { collectRows, faultOf, openUpload } from '../support/uploaded.ts'

const HEAD = '<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int"/><DATA><TABLEDATA>'
const HUGE = { rows: 1e9, bytes: 1e12 }

/** A document whose middle is repeated without end; counts how much of it was taken. */
function endless(start: string, middle: string | Uint8Array, start2 = '') {
  const taken = { bytes: 0 }
  async function* parts() {
    yield Buffer.from(start + start2)
    const part = Buffer.from(middle as string)
    for (;;) {
      taken.bytes += part.length
      yield part
    }
  }
  const open = (limits: Partial<typeof HUGE> = {}) =>
    readTable(parts(), { name: 't', contentType: null, limits: { ...HUGE, columns: 100, ...limits } })
  return { taken, open }
}

async function failureOf(opening: Promise<Awaited<ReturnType<typeof openUpload>>>): Promise<string> {
  try {
    for await (const _ of (await opening).rows);
  } catch (error) {
    expect(error).toMatchObject({ name: 'UploadError', kind: 'malformed' })
    return (error as Error).message
  }
  throw new Error('nothing is wrong with it')
}

describe('XML that is meant to do harm is refused', () => {
  test.each([
    [
      'a document type',
      '<!DOCTYPE VOTABLE SYSTEM "http://127.0.0.1/x.dtd"><VOTABLE/>',
      'document types (<!DOCTYPE …>) are not allowed',
    ],
    [
      'entities in entities',
      `<!DOCTYPE x [<!ENTITY a "aaaa">${Array.from({ length: 9 }, (_, i) => `<!ENTITY b${i} "&a;&a;&a;">`).join('')}]><VOTABLE>&b8;</VOTABLE>`,
      'document types',
    ],
    [
      'a file as an entity',
      '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><VOTABLE>&a;</VOTABLE>',
      'document types',
    ],
    ['an entity of nobody', '<VOTABLE>&nbsp;</VOTABLE>', 'an entity that XML does not know'],
    ['an entity of a prototype', '<VOTABLE>&constructor;</VOTABLE>', 'an entity that XML does not know'],
    ['a character that XML forbids', '<VOTABLE>&#0;</VOTABLE>', 'a reference to a character that XML does not allow'],
    ['deep nesting', `<VOTABLE>${'<RESOURCE>'.repeat(100_000)}`, 'elements are nested more than 100 deep'],
    [
      'a long tag',
      `<VOTABLE a="${'x'.repeat(2_000_000)}">`,
      'a tag, a comment or a text has more than 1048576 characters',
    ],
    ['a long comment', `<VOTABLE><!--${'x'.repeat(2_000_000)}-->`, 'has more than 1048576 characters'],
    ['a long name', `<${'x'.repeat(2_000_000)}>`, 'has more than 1048576 characters'],
    [
      'a hundred thousand attributes',
      `<VOTABLE ${Array.from({ length: 200_000 }, (_, i) => `a${i}=""`).join(' ')}>`,
      'has more than 1048576 characters',
    ],
    ['attributes that are the same', '<VOTABLE><RESOURCE a="1" a="2"/></VOTABLE>', 'duplicate attribute'],
    [
      'columns without end',
      `<VOTABLE><RESOURCE><TABLE>${'<FIELD name="a" datatype="int"/>'.repeat(101)}`,
      'has more than 100 columns',
    ],
    [
      'an array beyond measure',
      '<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int" arraysize="99999x99999"/>',
      'of less than 2^24 elements',
    ],
    ['more rows than the limit, by its own word', '<VOTABLE><RESOURCE><TABLE nrows="1001">', 'has more than 1000 rows'],
  ])('%s', async (_, document, expected) => {
    expect(await faultOf(document)).toContain(expected)
  })

  test('a column that is called __proto__ is a column', async () => {
    const { fields } = await openUpload(
      '<VOTABLE><RESOURCE><TABLE><FIELD name="__proto__" datatype="int" __proto__="x"/><DATA><TABLEDATA/></DATA></TABLE></RESOURCE></VOTABLE>',
    )
    expect(fields).toEqual([{ name: '__proto__', datatype: 'int' }])
  })
})

describe('what has no end is read no further than its limit', () => {
  const MEBIBYTE = 1 << 20

  test('rows', async () => {
    const { open, taken } = endless(HEAD, '<TR><TD>1</TD></TR>'.repeat(100))
    expect(await failureOf(open({ rows: 100_000 }))).toContain('has more than 100000 rows')
    expect(taken.bytes).toBeLessThan(3 * MEBIBYTE)
  })

  test('rows of BINARY2', async () => {
    const start = HEAD.replace('<TABLEDATA>', '<BINARY2><STREAM encoding="base64">')
    const { open, taken } = endless(start, Buffer.alloc(3000).toString('base64'))
    expect(await failureOf(open({ rows: 100_000 }))).toContain('has more than 100000 rows')
    expect(taken.bytes).toBeLessThan(MEBIBYTE)
  })

  test('rows of CSV', async () => {
    const { open, taken } = endless('a,b\n', '1,2\n'.repeat(1000))
    expect(await failureOf(open({ bytes: MEBIBYTE }))).toContain('has more than 1048576 bytes')
    expect(taken.bytes).toBeLessThan(2 * MEBIBYTE)
  })

  test('bytes', async () => {
    const { open, taken } = endless(HEAD, '<TR><TD>1</TD></TR>'.repeat(100))
    expect(await failureOf(open({ bytes: 100_000 }))).toContain('has more than 100000 bytes')
    expect(taken.bytes).toBeLessThan(200_000)
  })

  test('a text, a cell, a quoted cell', async () => {
    const text = endless('<VOTABLE><DESCRIPTION>', 'x'.repeat(10_000))
    expect(await failureOf(text.open())).toContain('has more than 1048576 characters')
    const cell = endless(`${HEAD}<TR><TD>`, 'x'.repeat(100_000))
    expect(await failureOf(cell.open())).toContain('has more than 25165824 characters')
    expect(cell.taken.bytes).toBeLessThan(30 * MEBIBYTE)
    const quoted = endless('a\n"', 'x'.repeat(100_000))
    expect(await failureOf(quoted.open())).toContain('has more than 67108864 bytes of CSV')
  })

  test('an array, whose length is sent before it', async () => {
    const start =
      '<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="double" arraysize="*"/><DATA><BINARY><STREAM encoding="base64">'
    const { open, taken } = endless(start, Buffer.alloc(3000, 0x10).toString('base64'))
    expect(await failureOf(open())).toContain('found an array of 269488144 elements')
    expect(taken.bytes).toBeLessThan(MEBIBYTE)
  })

  test('gzip that unpacks to far more', async () => {
    const bomb = gzipSync(Buffer.from(HEAD + '<TR><TD>1</TD></TR>'.repeat(2_000_000)))
    expect(bomb.length).toBeLessThan(200_000)
    expect(await faultOf(bomb)).toContain('has more than 1000 rows')
    expect(await faultOf(bomb, { limits: { rows: 1e9, bytes: 1_000_000 } })).toContain('has more than 1000000 bytes')
    const inside = `${HEAD.replace('<TABLEDATA>', '<BINARY><STREAM encoding="gzip">')}${gzipSync(Buffer.alloc(40_000_000)).toString('base64')}</STREAM>`
    expect(await faultOf(inside, { limits: { rows: 1e9, bytes: 1_000_000 } })).toContain('has more than 1000000 bytes')
  })
})

describe.skipIf(process.platform !== 'linux')('memory is measured on Linux', () => {
  /** The memory of this process now, in MiB. */
  const resident = async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile('/proc/self/status', 'utf8'))?.[1]) / 1024

  test.each([
    ['TABLEDATA', 200_000, HEAD, '<TR><TD>12345</TD></TR>'.repeat(1000)],
    [
      'BINARY2',
      1_000_000,
      HEAD.replace('<TABLEDATA>', '<BINARY2><STREAM encoding="base64">'),
      Buffer.alloc(15_000).toString('base64'),
    ],
  ])('rows of %s over the limit of %d are refused in flat memory', async (_, rows, start, middle) => {
    const { open } = endless(start, middle)
    const before = await resident()
    expect(await failureOf(open({ rows }))).toContain(`has more than ${rows} rows`)
    expect((await resident()) - before).toBeLessThan(150)
  })
})

test('whatever bytes come, they are a table or an UploadError', async () => {
  const pieces = fc.constantFrom(
    ...[
      '<VOTABLE>',
      '</VOTABLE>',
      '<RESOURCE>',
      '<TABLE>',
      '</TABLE>',
      '<FIELD name="a" datatype="int"/>',
      '<FIELD name="b" datatype="char" arraysize="*"/>',
    ],
    ...[
      '<DATA>',
      '<TABLEDATA>',
      '<TR>',
      '<TD>',
      '</TD>',
      '</TR>',
      '</TABLEDATA>',
      '<BINARY2>',
      '<BINARY>',
      '<STREAM encoding="base64">',
      '</STREAM>',
    ],
    ...[
      'AAAA',
      '1',
      ' ',
      '\n',
      '&amp;',
      '&',
      '<',
      '>',
      '"',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '\0',
      'é',
      ',',
      '\t',
      '=',
    ],
  )
  const head = fc.constantFrom(
    '',
    '<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int"/>',
    HEAD,
    HEAD.replace('<TABLEDATA>', '<BINARY2><STREAM encoding="base64">'),
  )
  const document = fc.tuple(head, fc.array(pieces, { maxLength: 12 })).map(([start, parts]) => start + parts.join(''))
  await fc.assert(
    fc.asyncProperty(document, fc.integer({ min: 1, max: 50 }), async (text, size) => {
      try {
        await collectRows(await openUpload(text, { sizes: [size] }))
      } catch (error) {
        expect(error).toMatchObject({ name: 'UploadError' })
      }
    }),
    { numRuns: runs(250) },
  )
})

test('rows are the same whether they are plainly written or not', async () => {
  const pieces = fc.constantFrom(
    ...[
      '<TR><TD>1</TD><TD>a</TD></TR>',
      '<TR>\n <TD>2</TD>\n\t<TD/></TR>\n',
      '<TR><TD></TD><TD> b </TD></TR>',
      '<TR><TD>3</TD><TD>x&amp;y</TD></TR>',
    ],
    ...[
      '<TR><TD>4</TD><TD>c\rd</TD></TR>',
      '<TR id="1"><TD>5</TD><TD>e</TD></TR>',
      '<TR ><TD >6</TD ><TD>é</TD></TR >',
      '<TR><TD>7</TD><TD><![CDATA[f]]></TD></TR>',
    ],
    ...[
      '<TR><TD>8</TD><TD>g<!-- <TD> </TR> -->h</TD></TR>',
      '<!-- <TR><TD>9</TD><TD>i</TD></TR> -->',
      '<!-- </TR> <TR>',
      '-->',
      '<?x </TR> ?>',
      '  ',
      '\n',
    ],
    // Faults.
    ...[
      '<TR><TD>x</TD><TD>j</TD></TR>',
      '<TR><TD>1</TD></TR>',
      '<TR/>',
      '<TR><TD>1</TD><TD>2</TD><TD>3</TD></TR>',
      '<TR><TD>1</TD><TD>a]]>b</TD></TR>',
    ],
    ...['<TR><TD>1</TD><TD>\u0001</TD></TR>', '<TR>', '</TR>', '<TD>', '</TD>', '<', '</TABLEDATA>', 'k'],
  )
  const head =
    '<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int"/><FIELD name="b" datatype="char" arraysize="*"/><DATA><TABLEDATA>'
  const outcome = async (text: string, size: number) => {
    try {
      return (await collectRows(await openUpload(text, { sizes: [size] }))).toString('hex')
    } catch (error) {
      return (error as Error).message
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 8 }), fc.integer({ min: 1, max: 60 }), async (parts, size) => {
      const text = `${head}${parts.join('')}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>`
      // With a prefix, all of it goes the long way.
      const prefixed = text.replace(/<(\/?)(?=[A-Z])/g, '<$1v:')
      const expected = (await outcome(prefixed, 1000)).replaceAll('v:', '')
      expect(await outcome(text, 1000)).toBe(expected)
      expect(await outcome(text, size)).toBe(expected)
    }),
    { numRuns: runs(250) },
  )
})
