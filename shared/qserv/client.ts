import { isRecord } from '../is-record.ts'
import { type Envelope, readEnvelope } from './envelope.ts'
import { QservAnswerError, QservPathError, QservRefusedError, QservUnavailableError } from './errors.ts'
import { type FlowOptions, keepFlowing } from './keep-flowing.ts'
import { type Multipart, writeMultipart } from './multipart.ts'
import { type QservStatus, readStatus } from './query-status.ts'
import { Transport, type TransportOptions, type TransportRequest } from './transport.ts'

export interface QservClientOptions extends TransportOptions {
  /** Whether requests say which version of the API they mean. */
  readonly sendVersion: boolean
  /** Of a user's table into Qserv. */
  readonly ingestMs?: number
  /** How results are read on where who takes them is slow. */
  readonly flow?: FlowOptions
  /** Told of a warning in an answer. */
  readonly onWarning?: (warning: string) => void
  /** Waits before a request is sent again; default a timer. */
  readonly pause?: (milliseconds: number) => Promise<void>
}

/** Of the API, of which it is known what they do (spec/qserv.md §1.3). */
export const OLDEST_VERSION = 30
export const NEWEST_VERSION = 55

/** Answers other than results are short. */
const ENVELOPE_BYTES = 8 << 20
const HEAD_MS = 30_000
/** The czar puts a whole result together before its first byte. */
const RESULT_HEAD_MS = 600_000
const ATTEMPTS = 4
const FIRST_PAUSE_MS = 150
/** A czar may have been replaced by one of another version. */
const VERSION_LIFE_MS = 600_000

interface Exchange extends Pick<TransportRequest, 'method' | 'headMs' | 'signal' | 'once'> {
  /** Without its query string. */
  readonly path: string
  readonly search?: Readonly<Record<string, string>>
  readonly json?: Readonly<Record<string, unknown>>
  readonly form?: () => Multipart
  /** Whether it may be sent again when it is not known what has become of it. */
  readonly repeatable: boolean
}

/** The HTTP API of one czar (spec/qserv.md §1). Ids of queries are text: they have 64 bits. */
export class QservClient {
  readonly #options: QservClientOptions
  readonly #transport: Transport
  #version: { readonly value: number; readonly until: number } | undefined

  constructor(options: QservClientOptions) {
    this.#options = options
    this.#transport = new Transport(options)
  }

  /**
   * The version of the API that both sides know.
   *
   * @throws QservUnavailableError, QservAnswerError where there is none
   */
  async version(signal?: AbortSignal): Promise<number> {
    if (this.#version !== undefined && performance.now() < this.#version.until) return this.#version.value
    return this.ping(signal)
  }

  /** The same, asked anew: whether Qserv answers. */
  async ping(signal?: AbortSignal): Promise<number> {
    const { version } = await this.#ask({
      ...{ method: 'GET', path: '/meta/version', headMs: HEAD_MS, repeatable: true },
      ...(signal === undefined ? {} : { signal }),
    })
    const found = Number(version)
    if (!Number.isInteger(found) || found < OLDEST_VERSION) {
      throw new QservAnswerError(
        `Qserv has version ${String(version)} of its API, ${OLDEST_VERSION} is the oldest that can be used`,
      )
    }
    return this.#remember(found)
  }

  #remember(found: number): number {
    const value = Math.min(found, NEWEST_VERSION)
    this.#version = { value, until: performance.now() + VERSION_LIFE_MS }
    return value
  }

  /**
   * Submits a query. Sent once, unless it surely has not arrived.
   *
   * @returns its id
   * @throws QservRefusedError for the query; QservUnavailableError, whose `mayHaveArrived` says if it may run all the same
   */
  async submit(sql: string, database = '', signal?: AbortSignal): Promise<string> {
    const { queryId } = await this.#askVersioned({
      ...{ method: 'POST', path: '/query-async', json: { query: sql, database }, headMs: HEAD_MS },
      ...{ repeatable: false, once: true },
      ...(signal === undefined ? {} : { signal }),
    })
    if ((typeof queryId !== 'number' && typeof queryId !== 'string') || !/^\d+$/.test(String(queryId))) {
      throw new QservUnavailableError('Qserv has taken a query and did not say its id', { mayHaveArrived: true })
    }
    return String(queryId)
  }

  /** @throws QservRefusedError for an id that it does not know, and the others */
  async status(id: string, signal?: AbortSignal): Promise<QservStatus> {
    return readStatus(await this.#askVersioned({ ...get(`/query-async/status/${id}`, signal) }))
  }

  /**
   * The document of a result, as it comes; the bytes are those of spec/qserv.md §1.6, and are all there or throw.
   */
  async openResult(id: string, signal?: AbortSignal): Promise<AsyncGenerator<Buffer, void, void>> {
    const request = get(`/query-async/result/${id}`, signal, { binary_encoding: 'hex' })
    const { body } = await this.#send({ ...request, headMs: RESULT_HEAD_MS }, await this.#wanted(signal))
    const abort = () => body.destroy(signal?.reason)
    signal?.addEventListener('abort', abort)
    body.once('close', () => signal?.removeEventListener('abort', abort))
    return keepFlowing(body, this.#options.flow)
  }

  /** One that is gone already is no error. Before version 40 a result was deleted by reading it. */
  async deleteResult(id: string): Promise<void> {
    await this.#askVersioned({ method: 'DELETE', path: `/query-async/result/${id}`, ...EMPTY_BODY }).catch(
      (error: unknown) => {
        if (!(error instanceof QservPathError)) throw error
      },
    )
  }

  /** Asks Qserv to end a query, which it does a moment later. One that has ended, or that it does not know, is refused. */
  async cancel(id: string): Promise<void> {
    await this.#askVersioned({ method: 'DELETE', path: `/query-async/${id}`, ...EMPTY_BODY })
  }

  /** A table from CSV (spec/qserv.md §1.7). `form` makes the parts, the rows last. Sent once. */
  async ingestCsv(form: () => Multipart, signal?: AbortSignal): Promise<void> {
    const { ingestMs = 300_000 } = this.#options
    await this.#askVersioned({
      ...{ method: 'POST', path: '/ingest/csv', headMs: ingestMs, repeatable: false, once: true },
      form() {
        const { fields, files } = form()
        return { fields: { ...fields, timeout: String(Math.ceil(ingestMs / 1000)) }, files }
      },
      ...(signal === undefined ? {} : { signal }),
    })
  }

  /** A replicated table from rows that are in memory. Sent once. */
  async ingestRows(table: Readonly<Record<string, unknown>>): Promise<void> {
    const { ingestMs = 300_000 } = this.#options
    const once = { repeatable: false, once: true }
    await this.#askVersioned({ method: 'POST', path: '/ingest/data', json: table, headMs: ingestMs, ...once })
  }

  async dropTable(database: string, table: string): Promise<void> {
    await this.#askVersioned({ method: 'DELETE', path: `/ingest/table/${database}/${table}`, ...EMPTY_BODY })
  }

  async dropDatabase(database: string): Promise<void> {
    await this.#askVersioned({ method: 'DELETE', path: `/ingest/database/${database}`, ...EMPTY_BODY })
  }

  close(): void {
    this.#transport.close()
  }

  /** undefined: none is said. */
  async #wanted(signal?: AbortSignal): Promise<number | undefined> {
    if (!this.#options.sendVersion) return undefined
    return this.version(signal).catch((error: unknown) => {
      // What was to be asked has not been sent yet.
      if (!(error instanceof QservUnavailableError)) throw error
      throw new QservUnavailableError(error.message, { mayHaveArrived: false, cause: error })
    })
  }

  /** A version that Qserv does not take any more is negotiated anew: nothing has happened then. */
  async #askVersioned(exchange: Exchange): Promise<Envelope> {
    const version = await this.#wanted(exchange.signal)
    try {
      return await this.#ask(exchange, version)
    } catch (error) {
      const most = error instanceof QservRefusedError ? error.details.max_version : undefined
      if (version === undefined || typeof most !== 'number' || most === version || most < OLDEST_VERSION) throw error
      const other = this.#remember(most)
      // Its rows have been read.
      if (exchange.form !== undefined) {
        throw new QservUnavailableError('Qserv has been replaced by an older one', {
          mayHaveArrived: false,
          cause: error,
        })
      }
      return await this.#ask(exchange, other)
    }
  }

  async #ask(exchange: Exchange, version?: number): Promise<Envelope> {
    const envelope = await this.#repeating(exchange, async () => {
      const { body } = await this.#send(exchange, version)
      const chunks: Buffer[] = []
      let length = 0
      for await (const chunk of keepFlowing(body)) {
        length += chunk.length
        if (length > ENVELOPE_BYTES) throw new QservAnswerError(`Qserv's answer has more than ${ENVELOPE_BYTES} bytes`)
        chunks.push(chunk)
      }
      return readEnvelope(Buffer.concat(chunks).toString('utf8'))
    })
    const { warning } = envelope
    if (typeof warning === 'string' && warning !== '') this.#options.onWarning?.(warning)
    return envelope
  }

  async #repeating<T>({ repeatable, signal }: Exchange, work: () => Promise<T>): Promise<T> {
    const { pause = wait } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        const isSafe = error instanceof QservUnavailableError && (repeatable || !error.mayHaveArrived)
        if (!isSafe || attempt === ATTEMPTS || signal?.aborted === true) throw error
        await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()))
      }
    }
  }

  #send({ method, path, search = {}, json, form, headMs, signal, once }: Exchange, version: number | undefined) {
    const query = new URLSearchParams({ ...search, ...(version === undefined ? {} : { version: String(version) }) })
    const text = String(query)
    // Before version 42 the query string counted for GET alone.
    const withVersion = version === undefined ? json : { ...json, version }
    const multipart = form === undefined ? undefined : writeMultipart(form())
    const request: TransportRequest = {
      ...{ method, path: text === '' ? path : `${path}?${text}`, headMs },
      // Qserv ignores a body of `application/json; charset=utf-8`.
      ...(json === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(withVersion) }),
      ...(multipart === undefined ? {} : { headers: { 'content-type': multipart.contentType }, body: multipart.body }),
      ...(signal === undefined ? {} : { signal }),
      ...(once === undefined ? {} : { once }),
    }
    return this.#transport.send(request)
  }
}

const EMPTY_BODY = { json: {}, headMs: HEAD_MS, repeatable: true } as const

function get(path: string, signal?: AbortSignal, search: Readonly<Record<string, string>> = {}) {
  const about = { method: 'GET', path, search, headMs: HEAD_MS, repeatable: true } as const
  return signal === undefined ? about : { ...about, signal }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, milliseconds)
  })
}

/** Whether Qserv says that a query has ended already, or that it knows none of that id. */
export function isOverOrUnknown(error: unknown): boolean {
  return error instanceof QservRefusedError && /unknown or finished|already finished/i.test(error.message)
}

/** Whether Qserv says that it knows no such query. */
export function isUnknown(error: unknown): boolean {
  return (
    error instanceof QservRefusedError && /^failed to obtain info for queryId=|^unknown user query/i.test(error.message)
  )
}

/** Whether Qserv says that a query has not completed, so that there is no result to read, or none yet. */
export function isNotCompleted(error: unknown): boolean {
  return error instanceof QservRefusedError && /is still executing or it has failed/i.test(error.message)
}

/** What the workers of an ingest say, where it failed at them. */
export function workerErrorsOf(error: unknown): string | null {
  const found = error instanceof QservRefusedError ? error.details.worker_errors : undefined
  return isRecord(found) ? Object.values(found).map(String).join('; ') : null
}
