import net from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

export interface LoadTask {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  /** Milliseconds since the epoch: what is answered before counts as warming up. */
  readonly from: number
  readonly until: number
}

export interface LoadReport {
  /** Milliseconds of each request. */
  readonly latencies: readonly number[]
  /** How often each status came. */
  readonly statuses: Readonly<Record<string, number>>
  readonly bytes: number
}

/**
 * One request after the other on each connection, kept alive. It speaks HTTP/1.1 by hand: Node's own client costs as
 * much as the server that is measured.
 */
async function load(task: LoadTask): Promise<LoadReport> {
  const { port, path, headers } = task
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`)
  const request = `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
  const report = { latencies: [] as number[], statuses: {} as Record<string, number>, bytes: 0 }
  await Promise.all(Array.from({ length: task.connections }, () => repeat(task, request, report)))
  return report
}

function repeat(
  { port, from, until }: LoadTask,
  request: string,
  report: { readonly latencies: number[]; readonly statuses: Record<string, number>; bytes: number },
): Promise<void> {
  return new Promise((done, fail) => {
    const socket = net.connect(port, '127.0.0.1').setNoDelay(true)
    let received = Buffer.alloc(0)
    let sent = 0
    const send = () => {
      sent = performance.now()
      socket.write(request)
    }
    socket.on('connect', send).on('error', fail).on('close', done)
    socket.on('data', (data) => {
      received = received.length === 0 ? data : Buffer.concat([received, data])
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = received.subarray(0, end).toString('latin1')
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
      if (received.length < end + 4 + length) return
      if (Date.now() >= from) {
        const status = head.slice(9, 12)
        report.latencies.push(performance.now() - sent)
        report.statuses[status] = (report.statuses[status] ?? 0) + 1
        report.bytes += received.length
      }
      received = Buffer.alloc(0)
      if (Date.now() < until) send()
      else socket.end()
    })
  })
}

const task: LoadTask | null = workerData
if (task !== null) parentPort?.postMessage(await load(task))
