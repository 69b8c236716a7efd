import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTap, type TapUnderTest } from '../functions/tap-service.ts'
import { HAS_STILTS, needs, pythonWith, runStilts } from '../support/clients.ts'
import { temporaryFolder } from '../support/function-process.ts'

const run = promisify(execFile)

const PYTHON = pythonWith('pyvo')
const HAS_PYVO = PYTHON !== undefined

let tap: TapUnderTest

beforeAll(async () => {
  tap = await startTap({ keep: true })
})

afterAll(() => tap.stop())

/** All types that the clients have, the extremes of each, and a row of NULLs. */
const TABLE = `<?xml version="1.0"?>
<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE name="mine">
<FIELD name="b" datatype="boolean"/><FIELD name="u" datatype="unsignedByte"/><FIELD name="s" datatype="short"><VALUES null="-999"/></FIELD>
<FIELD name="i" datatype="int"><VALUES null="-999"/></FIELD><FIELD name="l" datatype="long"><VALUES null="-999"/></FIELD>
<FIELD name="f" datatype="float" unit="mag"/><FIELD name="RA" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>
<FIELD name="my name" datatype="char" arraysize="*"/><FIELD name="fixed" datatype="char" arraysize="3"/>
<FIELD name="when" datatype="char" arraysize="*" xtype="timestamp"/>
<FIELD name="fs" datatype="float" arraysize="2"/><FIELD name="is" datatype="int" arraysize="*"/>
<DATA><TABLEDATA>
<TR><TD>T</TD><TD>254</TD><TD>32767</TD><TD>2147483647</TD><TD>9223372036854775807</TD><TD>3.4028235e38</TD><TD>1.7976931348623157e308</TD><TD>a &lt;b&gt; &amp; "c"</TD><TD>abc</TD><TD>2026-01-31T12:00:00.25</TD><TD>1.5 -0.25</TD><TD>1 2 3</TD></TR>
<TR><TD>F</TD><TD>0</TD><TD>-32768</TD><TD>-2147483648</TD><TD>-9223372036854775808</TD><TD>1e-45</TD><TD>4.9e-324</TD><TD>x</TD><TD>a</TD><TD>1999-12-31T23:59:59</TD><TD>0 1</TD><TD>-1</TD></TR>
<TR><TD/><TD>1</TD><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD>1 2</TD><TD>7</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>`

async function writeTable(): Promise<string> {
  const file = join(await temporaryFolder(), 'mine.vot')
  await writeFile(file, TABLE)
  return file
}

describe.skipIf(!HAS_STILTS)(`STILTS${needs(HAS_STILTS, 'stilts')}`, () => {
  const upload = async (format: string, more: readonly string[]) => {
    const file = await writeTable()
    const words = ['sync=true', 'nupload=1', `upload1=${file}`, 'upname1=t', `upvotformat=${format}`, ...more]
    return runStilts('tapquery', `tapurl=${tap.url}`, 'adql=select * from tap_upload.t', ...words)
  }

  test.each(['TABLEDATA', 'BINARY', 'BINARY2'])('gets back what it uploads in %s', async (format) => {
    const sent = await runStilts('tpipe', `in=${await writeTable()}`, 'ofmt=csv')
    expect(sent.split('\n').length).toBe(5)
    expect(await upload(format, ['ofmt=csv'])).toBe(sent)
  })

  test('finds the columns described as it did', async () => {
    const meta = await upload('BINARY2', ['omode=meta'])
    for (const column of ['f(Float)/mag', 'RA(Double)/deg', 'my name(String)', 'is(int[*])'])
      expect(meta).toContain(column)
  })
})

const UPLOAD = `
import json, sys, warnings
import numpy as np
import pyvo
from astropy.io.votable import parse
warnings.simplefilter('ignore')
url, file = sys.argv[1:]
def columns(table):
    return {name: [None if np.ma.is_masked(x) and np.ndim(x) == 0 else str(np.asarray(x).tolist()) for x in table[name]] for name in table.colnames}
mine = parse(file).get_first_table().to_table()
got = pyvo.dal.TAPService(url).run_sync('select * from tap_upload.t', uploads={'t': mine})
print(json.dumps({'sent': columns(mine), 'got': columns(got.to_table()), 'unit': str(got.to_table()['RA'].unit)}))
`

describe.skipIf(!HAS_PYVO)(`pyvo${needs(HAS_PYVO, 'pyvo')}`, () => {
  test('gets back what it uploads', async () => {
    const { stdout } = await run(PYTHON ?? '', ['-c', UPLOAD, tap.url, await writeTable()])
    const { sent, got, unit } = JSON.parse(stdout)
    expect(Object.keys(sent).length).toBe(12)
    expect(got).toEqual(sent)
    expect(unit).toBe('deg')
  })
})
