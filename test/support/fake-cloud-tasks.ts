import { createServer } from 'node:http'
import { onTestFinished } from 'vitest'

export interface FakeCloudTasks {
  readonly endpoint: string
  /** Bodies of `tasks.create`, as they came. */
  readonly created: readonly unknown[]
  /** The most calls that were under way at once. */
  readonly busiest: number
  /** How many tasks are refused from now on. */
  refuse(times: number): void
  /** Resolves when all tasks so far are done. */
  idle(): Promise<void>
  stop(): Promise<void>
}

interface Task {
  readonly httpRequest: {
    readonly url: string
    readonly httpMethod: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
}

export interface FakeTasksOptions {
  /** `projects/P/locations/L/queues/Q`; any other is not there. */
  readonly queue: string
  readonly maxConcurrentDispatches: number
  readonly keep?: boolean
}

/** A queue of Cloud Tasks: makes the calls that it is given, so many at once, again until they are answered 2xx. */
export async function startFakeCloudTasks(options: FakeTasksOptions): Promise<FakeCloudTasks> {
  const { queue, maxConcurrentDispatches } = options
  const created: unknown[] = []
  const waiting: Task[] = []
  const underway = new Set<Promise<void>>()
  let busiest = 0
  let refusals = 0
  let stopped = false
  const dispatch = async ({ httpRequest: { url, httpMethod, headers, body } }: Task, attempt = 0): Promise<void> => {
    const sent = { ...headers, 'x-cloudtasks-queuename': queue, 'x-cloudtasks-taskretrycount': String(attempt) }
    const request = { method: httpMethod, headers: sent, body: Buffer.from(body, 'base64') }
    const done = await fetch(url, request).then(
      (answer) => answer.arrayBuffer().then(() => answer.ok),
      () => false,
    )
    if (done || stopped) return
    await new Promise((resolve) => setTimeout(resolve, Math.min(10 * 2 ** attempt, 500)))
    return dispatch({ httpRequest: { url, httpMethod, headers, body } }, attempt + 1)
  }
  const start = () => {
    while (underway.size < maxConcurrentDispatches && waiting.length > 0) {
      const call = dispatch(waiting.shift()!).finally(() => {
        underway.delete(call)
        start()
      })
      underway.add(call)
      busiest = Math.max(busiest, underway.size)
    }
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body))
    if (request.method !== 'POST' || request.url !== `/v2/${queue}/tasks`) {
      return answer(404, { error: { code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND' } })
    }
    if (refusals > 0) {
      refusals -= 1
      return answer(503, { error: { code: 503, message: 'injected', status: 'UNAVAILABLE' } })
    }
    const body = JSON.parse(Buffer.concat(chunks).toString())
    created.push(body)
    waiting.push(body.task)
    start()
    return answer(200, { name: `${queue}/tasks/${created.length}`, ...body.task })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  const stop = async () => {
    stopped = true
    server.closeAllConnections()
    server.close()
  }
  if (options.keep !== true) onTestFinished(stop)
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    created,
    get busiest() {
      return busiest
    },
    refuse: (times) => {
      refusals = times
    },
    async idle() {
      while (underway.size > 0) await Promise.all(underway)
    },
    stop,
  }
}
