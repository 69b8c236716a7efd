import { expect, onTestFinished } from 'vitest'
import { runJob } from '../../functions/run-query/run-query.ts'
import { type Watched, watchQueries } from '../../functions/watch-queries/watch-queries.ts'
import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import { createLogger, type Logger } from '../../shared/platform/log/log.ts'
import { UWS_DDL } from '../../shared/uws/ddl.ts'
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts'
import { startTap, type TapAnswer, type TapOptions, type TapUnderTest } from './tap-service.ts'

export interface JobsUnderTest {
  readonly tap: TapUnderTest
  readonly gcs: FakeGcs
  readonly log: Record<string, unknown>[]
  readonly logger: Logger
  readonly servers: ReadonlyMap<string, ServedTap>
  /** Attributes of the events that were published. */
  readonly published: Readonly<Record<string, string>>[]
  /** What happens to messages: delivered to a worker at once, thrown away, or refused; events are refused with them. */
  deliver(how: 'at once' | 'never' | 'fail'): void
  /** Resolves when all messages so far have been worked on. */
  idle(): Promise<void>
  /** Runs one job, as one more delivery of its message does. */
  run(job: string): Promise<void>
  watch(): Promise<Watched>
  /** A job by POST; its id. */
  create(parameters: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<string>
  post(
    path: string,
    parameters: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<TapAnswer>
  phase(job: string): Promise<string>
  /** Waits for another phase than those in which a job is under way. */
  end(job: string): Promise<string>
  stop(): Promise<void>
}

export interface JobsOptions extends TapOptions {
  /** YAML of more keys of `jobs`, flow style. */
  readonly jobs?: readonly string[]
  /** YAML of the dispatcher that is really used. */
  readonly dispatch?: string
}

/** `tap`, `run-query` and `watch-queries` over one database and one bucket; Pub/Sub is a function call. */
export async function startJobs(given: JobsOptions = {}): Promise<JobsUnderTest> {
  const { jobs = [], service = [], dispatch, ...options } = given
  const gcs = await startFakeGcs({ buckets: ['tap-results'], keep: true })
  const log: JobsUnderTest['log'] = []
  const logger = createLogger({ write: (line) => void log.push(JSON.parse(line)), projectId: 'p' })
  const underway = new Set<Promise<unknown>>()
  let how: Parameters<JobsUnderTest['deliver']>[0] = 'at once'
  let served: ServedTap | undefined
  const run = async (job: string) => {
    if (served === undefined) throw new Error('the service has not started')
    await runJob(served, job, logger)
  }
  const queue = {
    async send({ job = '' }: Readonly<Record<string, string>>) {
      if (how === 'fail') throw new Error('Pub/Sub is away')
      if (how === 'never') return
      const work = run(job).catch((error: unknown) => logger.error('the worker failed', { error }))
      underway.add(work)
      void work.finally(() => underway.delete(work))
    },
  }
  const published: JobsUnderTest['published'] = []
  const events = {
    async send(attributes: Readonly<Record<string, string>>) {
      if (how === 'fail') throw new Error('Pub/Sub is away')
      published.push(attributes)
    },
  }
  const lines = [
    `jobs: {${['bucket: tap-results', dispatch ?? 'topic: projects/demo/topics/queries', ...jobs].join(', ')}}`,
  ]
  const tap = await startTap({
    ...options,
    keep: true,
    environment: `storage: {apiEndpoint: "${gcs.endpoint}"}\n${options.environment ?? ''}`,
    service: lines,
    async prepare(database, login) {
      await options.prepare?.(database, login)
      // What was started for it may have an address now.
      lines.push(...service)
      await database.pool.query(
        `${UWS_DDL}; grant usage on schema uws to ${login}; grant all on all tables in schema uws to ${login}`,
      )
    },
    adapt(dependencies) {
      const servers = new Map(
        [...dependencies.servers].map(([name, server]) => {
          const { openJobs } = server
          if (openJobs === null) throw new Error('the environment has no jobs')
          served =
            dispatch === undefined
              ? { ...server, openJobs: async () => ({ ...(await openJobs()), queue, events }) }
              : server
          return [name, served]
        }),
      )
      return { ...dependencies, servers }
    },
  })
  const servers: JobsUnderTest['servers'] = new Map(served === undefined ? [] : [['tap', served]])
  const post: JobsUnderTest['post'] = (path, parameters, headers = {}) =>
    tap.call('POST', path, {
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(parameters).toString(),
    })
  const phase = async (job: string) => (await tap.get(`/async/${job}/phase`)).text
  const idle = async () => {
    while (underway.size > 0) await Promise.all(underway)
  }
  const stop = async () => {
    await idle()
    await tap.stop()
    await gcs.stop()
  }
  if (options.keep !== true) onTestFinished(stop)
  return {
    ...{ tap, gcs, log, idle, run, post, phase, stop },
    deliver: (next) => {
      how = next
    },
    ...{ logger, servers, published },
    watch: () => watchQueries({ servers, logger }),
    async create(parameters, sent) {
      const { status, headers } = await post('/async', parameters, sent)
      expect(status).toBe(303)
      const [, id = ''] = /\/async\/([0-9a-f]{32})$/.exec(headers.location ?? '') ?? []
      expect(headers.location).toBe(`${tap.url}/async/${id}`)
      return id
    },
    async end(job) {
      await idle()
      return phase(job)
    },
  }
}
