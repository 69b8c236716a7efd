import type { JobBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import { messageOf } from '../../shared/failure.ts'
import { withDeadline } from '../../shared/platform/deadline.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { Job } from '../../shared/uws/job.ts'
import { readRemoteQuery } from '../../shared/uws/remote-query.ts'
import { type RemoteNote, readRemote } from '../../shared/uws/watch-remote.ts'

/** No request waits longer for Qserv; what was not done by then `watch-queries` does. */
const CANCEL_MS = 2_000

/** Queries of jobs that Qserv runs. */
export class RemoteQueries {
  readonly #server: ServedTap
  readonly #logger: Logger

  constructor(server: ServedTap, logger: Logger) {
    this.#server = server
    this.#logger = logger
  }

  /** @throws HttpError 503 with the operators' message, where no jobs are taken */
  checkMaintenance(): void {
    const msg = this.#server.service.query.qserv?.maintenance ?? null
    if (msg !== null) throw new HttpError(503, { msg, type: 'maintenance' })
  }

  /** What is known of a job's query while it runs. */
  async note({ pool }: JobBackend, { id, phase }: Job): Promise<RemoteNote | undefined> {
    return this.#hasQserv && phase === 'EXECUTING' ? readRemote(pool, id) : undefined
  }

  /** The job has ended: what Qserv has of it is removed now, or is owed. */
  async remove(jobs: JobBackend, id: string): Promise<void> {
    if (!this.#hasQserv) return
    const remove = async () => {
      const query = await readRemoteQuery(jobs.pool, id)
      const { qserv } = await this.#server.open()
      if (query?.queryId == null || qserv === null) return
      // The client of Qserv is not loaded where none answers.
      const { removeRemote } = await import('../../shared/deployment/remove-remote.ts')
      await removeRemote(jobs, qserv, query)
    }
    const late = () => new Error(`Qserv has not ended it within ${CANCEL_MS / 1000} s`)
    await withDeadline(remove(), CANCEL_MS, late).catch((error: unknown) => {
      this.#logger.warning(`the query is still to be removed from Qserv: ${messageOf(error)}`, { job: id, error })
    })
  }

  get #hasQserv(): boolean {
    return this.#server.service.query.qserv !== null
  }
}
