import { createHash } from 'node:crypto'
import { QservClient } from '../shared/qserv/client.ts'
import { scanResult } from '../shared/qserv/scan-result.ts'
import { chooseFormat } from '../shared/votable/formats.ts'
import { writeResult } from '../shared/votable/write-result.ts'
import { QSERV_COLUMNS } from './qserv-table.ts'

/** As a process of its own, so that its memory is that of one result: arguments are a Qserv, a query and a format. */
const [url = '', id = '', name = ''] = process.argv.slice(2)
const client = new QservClient({ url, sendVersion: true, maxConnections: 2, keepAliveMs: 4_000, connectMs: 5_000 })
await client.version()
const started = performance.now()
const document = await client.openResult(id)
const rows = scanResult(document, {
  columns: QSERV_COLUMNS.map(({ field, kind }) => ({ name: field.name, kind })),
  maxRows: 1e9,
  nullText: true,
})
const format = chooseFormat(name)
let [count, bytes] = [0, 0]
const written =
  format === null
    ? rows
    : writeResult(
        rows,
        { fields: QSERV_COLUMNS.map(({ field }) => field), infos: [], services: [] },
        {
          format,
          maxRows: Number.POSITIVE_INFINITY,
          onError: 'throw',
          describeError: String,
          onEnd: (summary) => {
            count = summary.rows
          },
        },
      )
const hash = createHash('md5')
for await (const part of written) {
  bytes += part.length
  // A little of what a store does with it.
  hash.update(part.subarray(0, 64))
}
const seconds = (performance.now() - started) / 1000
client.close()
const { maxRSS, userCPUTime } = process.resourceUsage()
console.log(JSON.stringify({ rows: count, bytes, seconds, cpuSeconds: userCPUTime / 1e6, peakMiB: maxRSS / 1024 }))
