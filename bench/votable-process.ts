import pg from 'pg'
import { CopyOut } from '../shared/query/postgresql/copy-out.ts'
import { chooseFormat } from '../shared/votable/formats.ts'
import { writeResult } from '../shared/votable/write-result.ts'
import { COLUMNS, SELECT } from './votable-table.ts'

/** As a process of its own, so that its memory is that of one result: arguments are a database and a format. */
const [url = '', name = ''] = process.argv.slice(2)
const client = new pg.Client({ connectionString: url })
await client.connect()
const started = performance.now()
const copy = new CopyOut(`copy (${SELECT}) to stdout (format binary)`, 256 * 1024)
client.query(copy)
const format = chooseFormat(name)
let [rows, bytes, firstByteMs] = [0, 0, 0]
const document =
  format === null
    ? copy.read()
    : writeResult(
        copy.read(),
        { fields: COLUMNS.map(({ sql, ...field }) => field), infos: [], services: [] },
        {
          format,
          maxRows: Number.POSITIVE_INFINITY,
          onError: 'throw',
          describeError: String,
          onEnd: (summary) => {
            rows = summary.rows
          },
        },
      )
for await (const part of document) {
  if (bytes === 0) firstByteMs = performance.now() - started
  bytes += part.length
}
const seconds = (performance.now() - started) / 1000
const { maxRSS, userCPUTime } = process.resourceUsage()
console.log(
  JSON.stringify({ rows, bytes, firstByteMs, seconds, cpuSeconds: userCPUTime / 1e6, peakMiB: maxRSS / 1024 }),
)
await client.end()
