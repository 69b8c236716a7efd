import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startUserTables, tokenOf, type UserTablesUnderTest } from '../functions/user-tables-service.ts'
import { needs } from '../support/clients.ts'

/** pyvo has these calls since 1.4; Debian's may be older. PYTHONPATH can name a newer one. */
const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (python) => spawnSync(python, ['-c', 'import pyvo; pyvo.dal.TAPService.create_table']).status === 0,
)

const SCRIPT = `
import io, sys
import pyvo, pyvo.utils, requests
pyvo.utils.activate_features('cadc-tb-upload')
session = requests.Session()
session.headers['Authorization'] = 'Bearer ' + sys.argv[2]
tap = pyvo.dal.TAPService(sys.argv[1], session=session)
vosi = b'''<vosi:table xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><name>t</name>
  <column><name>object_id</name><dataType xsi:type="vs:VOTableType">long</dataType></column>
  <column><name>label</name><dataType xsi:type="vs:VOTableType" arraysize="*">char</dataType></column></vosi:table>'''
tap.create_table('user_ann.t', io.BytesIO(vosi))
tap.load_table('user_ann.t', io.BytesIO(b'object_id\\tlabel\\n1\\ta\\n2\\tb\\n'), format='tsv')
tap.load_table('user_ann.t', io.BytesIO(b'object_id,label\\n3,c\\n'), format='csv')
tap.create_index('user_ann.t', 'object_id', unique=True)
query = 'SELECT t.label FROM user_ann.t AS t JOIN survey.object AS o ON o.object_id = t.object_id ORDER BY 1'
print(list(tap.search(query)['label']), list(tap.run_async(query)['label']))
columns = "SELECT column_name, indexed FROM TAP_SCHEMA.columns WHERE table_name = 'user_ann.t' ORDER BY column_index"
print([(str(row['column_name']), int(row['indexed'])) for row in tap.search(columns)])
try:
    tap.create_index('user_ann.t', 'nothing')
except Exception as error:
    print('refused')
tap.remove_table('user_ann.t')
rows = tap.search('SELECT object_id, ra FROM survey.object WHERE object_id < 3').to_table()
buffer = io.BytesIO()
rows.write(buffer, format='votable')
tap.create_table('user_ann.t', io.BytesIO(buffer.getvalue()), format='VOTable')
units = "SELECT unit FROM TAP_SCHEMA.columns WHERE table_name = 'user_ann.t' AND column_name = 'ra'"
print(len(tap.search('SELECT * FROM user_ann.t')), tap.search(units)['unit'][0])
tap.remove_table('user_ann.t')
print(len(tap.search(columns)))
`

describe.skipIf(PYTHON === undefined)(`pyvo${needs(PYTHON !== undefined, 'a pyvo with create_table')}`, () => {
  let service: UserTablesUnderTest
  beforeAll(async () => {
    service = await startUserTables()
  })
  afterAll(() => service.jobs.stop())

  test('creates, loads, indexes, queries and removes a table', async () => {
    const { stdout } = await promisify(execFile)(PYTHON ?? '', ['-c', SCRIPT, service.jobs.tap.url, tokenOf('ann')])
    expect(stdout.split('\n').slice(0, 5)).toEqual([
      "['a', 'b', 'c'] ['a', 'b', 'c']",
      "[('object_id', 1), ('label', 0)]",
      'refused',
      '3 deg',
      '0',
    ])
  })
})
