import { randomUUID } from 'node:crypto'
import { announceJob } from '../../shared/deployment/announce.ts'
import { noteQuota } from '../../shared/deployment/note-quota.ts'
import type { JobBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import { secondsKept, type TapJobs } from '../../shared/environment/tap-jobs.ts'
import { limitsOf } from '../../shared/environment/tap-quotas.ts'
import { messageOf } from '../../shared/failure.ts'
import { lazily } from '../../shared/lazily.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import type { Form } from '../../shared/platform/http/form.ts'
import { quoted } from '../../shared/platform/http/quoted.ts'
import type { ApiRequest, ApiResponse } from '../../shared/platform/http/route.ts'
import type { Caller } from '../../shared/platform/identity.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { uploadsPrefix } from '../../shared/tap/job-objects.ts'
import { rememberGroups } from '../../shared/user-tables/user-table.ts'
import {
  abortJob,
  deleteJob,
  queueJob,
  renameJob,
  setDestruction,
  setExecutionSeconds,
  setParameters,
} from '../../shared/uws/change-job.ts'
import { createJob, newJobId } from '../../shared/uws/create-job.ts'
import { type Item, listEvents, type UwsEvent } from '../../shared/uws/event.ts'
import type { Job, StoredUpload } from '../../shared/uws/job.ts'
import { markDispatched, markOwed } from '../../shared/uws/owed-work.ts'
import { isActive } from '../../shared/uws/phase.ts'
import { type Limits, QuotaError } from '../../shared/uws/quota.ts'
import { listJobs, readJob, readPhases } from '../../shared/uws/read-jobs.ts'
import {
  isSharedWith,
  listSharedJobs,
  listShares,
  type Share,
  shareJob,
  unshareJob,
} from '../../shared/uws/share-job.ts'
import { checkGroups } from '../../shared/uws/user-groups.ts'
import { type PhaseWatch, watchPhases } from '../../shared/uws/wait-for-change.ts'
import type { RemoteNote } from '../../shared/uws/watch-remote.ts'
import {
  bad,
  hasParameter,
  parameterOf,
  queryParameters,
  readExecutionSeconds,
  readFilter,
  readGrantees,
  readInstant,
  readPhaseChange,
  readRunId,
  readWait,
  refuseNul,
} from './job-parameters.ts'
import { holderOf, ownerOf, readerOf } from './quota-holder.ts'
import { RemoteQueries } from './remote-queries.ts'

/** How long a signed address holds. A download that has begun goes on. */
const SIGNED_SECONDS = 300

type Request = Pick<ApiRequest, 'form' | 'signal' | 'caller'>

/** The jobs of one server, for those who may see them (UWS 1.1 §2.2). */
export class Jobs {
  readonly #name: string
  readonly #keepsTables: boolean
  readonly #config: TapJobs
  readonly #open: () => Promise<JobBackend>
  readonly #watch: () => Promise<PhaseWatch>
  readonly #logger: Logger
  readonly #remote: RemoteQueries

  constructor(server: ServedTap, config: TapJobs, open: () => Promise<JobBackend>, logger: Logger) {
    this.#name = server.name
    this.#keepsTables = server.service.userTables !== null
    this.#remote = new RemoteQueries(server, logger)
    this.#config = config
    this.#open = open
    this.#logger = logger
    this.#watch = lazily(async () => {
      const { pool } = await open()
      return watchPhases((ids) => readPhases(pool, ids))
    })
  }

  /**
   * One that the caller may read, or change: what is shared with him he may read.
   *
   * @throws HttpError 404 for one that is not there, 403 for one of somebody else
   */
  async find(id: string, caller: Caller, wanted: 'read' | 'change'): Promise<Job> {
    // Others cannot be ids of ours, and not every text can be asked for.
    if (!/^[0-9a-f]{32}$/.test(id)) throw noJob(id)
    const { pool } = await this.#open()
    const job = await readJob(pool, this.#name, id)
    if (job === undefined) throw noJob(id)
    if (job.owner === null || job.owner === ownerOf(caller)) return job
    const reader = readerOf(caller)
    const isShared = reader !== null && (await isSharedWith(pool, this.#itemOf(id), reader))
    if (isShared && wanted === 'read') return job
    const why = isShared ? 'is shared with you: you can read it, and not change it' : 'is not yours'
    throw new HttpError(403, { msg: `the job ${id} ${why}`, type: 'denied' })
  }

  /** The job, after it has changed its phase where the client wants to wait for that (UWS-8). */
  async findLater(id: string, { form, signal, caller }: Request): Promise<Job> {
    const job = await this.find(id, caller, 'read')
    const seconds = readWait(form)
    const phase = parameterOf(form, 'PHASE')
    if (seconds === undefined || !isActive(job.phase) || (phase !== undefined && phase !== job.phase)) return job
    await (await this.#watch()).change(id, job.phase, seconds, signal)
    return this.find(id, caller, 'read')
  }

  /** Jobs without an owner are known to those alone who have their ids. */
  async list({ form, caller }: Pick<Request, 'form' | 'caller'>): Promise<readonly Job[]> {
    const filter = readFilter(form)
    const reader = readerOf(caller)
    if (reader === null) return []
    const { pool } = await this.#open()
    if (filter.shared) return listSharedJobs(pool, this.#name, reader, filter)
    return listJobs(pool, { server: this.#name, owner: reader.user, ...filter })
  }

  async create({ form, caller }: Pick<Request, 'form' | 'caller'>): Promise<Job> {
    this.#remote.checkMaintenance()
    const { executionSeconds } = this.#config
    const kept = secondsKept(this.#config)
    const phase = readPhaseChange(form)
    if (phase === 'ABORT') throw bad('PHASE is RUN or left out for a new job, not "ABORT"')
    const runId = readRunId(form)
    const seconds = readExecutionSeconds(parameterOf(form, 'EXECUTIONDURATION'), executionSeconds)
    const destruction = parameterOf(form, 'DESTRUCTION')
    const until = destruction === undefined ? null : readInstant('DESTRUCTION', destruction)
    const { pool, bucket } = await this.#open()
    const reader = readerOf(caller)
    if (this.#keepsTables && reader !== null) await rememberGroups(pool, this.#name, reader)
    const id = newJobId()
    const uploads = await saveUploads(bucket, id, form)
    const created = {
      ...{ id, server: this.#name, owner: ownerOf(caller), runId, uploads },
      ...{ parameters: queryParameters(form), executionSeconds: seconds, keptSeconds: kept.default },
      run: phase === 'RUN',
    }
    const job = await this.#within(caller, uploads, (limits) => createJob(pool, created, limits))
    if (until !== null) await setDestruction(pool, id, until, kept.hard)
    await Promise.all([this.#announce(job), phase === 'RUN' && this.#dispatch(id)])
    return job
  }

  async run(job: Job, caller: Caller): Promise<void> {
    this.#remote.checkMaintenance()
    const { pool } = await this.#open()
    const queued = await this.#within(caller, [], (limits) => queueJob(pool, job.id, limits))
    if (queued === undefined) throw await this.#tooLate(job, 'PHASE=RUN')
    await Promise.all([this.#announce(job), this.#dispatch(job.id)])
  }

  /** One that has ended stays as it is. */
  async abort(job: Job): Promise<void> {
    if (isRunningSync(job)) throw endsWithClient(job)
    const jobs = await this.#open()
    await abortJob(jobs.pool, job.id)
    await Promise.all([this.#announce(job), this.#remote.remove(jobs, job.id)])
  }

  async delete(job: Job): Promise<void> {
    if (isRunningSync(job)) throw endsWithClient(job)
    const jobs = await this.#open()
    if (!(await deleteJob(jobs.pool, job.id))) throw noJob(job.id)
    await Promise.all([this.#announce(job), this.#remote.remove(jobs, job.id)])
  }

  /** What is known of a query that runs in Qserv. */
  async remoteNote(job: Job): Promise<RemoteNote | undefined> {
    return this.#remote.note(await this.#open(), job)
  }

  /** UWS-17: UPLOAD accumulates, others replace what was there. RUNID alone renames the job, in any phase. */
  async addParameters(job: Job, form: Form, caller: Caller): Promise<void> {
    const added = queryParameters(form)
    const { pool, bucket } = await this.#open()
    if (added.length === 0 && form.files.size === 0 && hasParameter(form, 'RUNID')) {
      if ((await renameJob(pool, job.id, readRunId(form))) === undefined) throw noJob(job.id)
      return this.#announce(job)
    }
    if (job.phase !== 'PENDING') throw await this.#tooLate(job, 'setting parameters')
    const replaced = new Set(added.map(({ name }) => name).filter((name) => name !== 'UPLOAD'))
    const parameters = [...job.parameters.filter(({ name }) => !replaced.has(name)), ...added]
    const saved = await saveUploads(bucket, job.id, form)
    const names = new Set(saved.map(({ name }) => name))
    const uploads = [...job.uploads.filter(({ name }) => !names.has(name)), ...saved]
    const runId = hasParameter(form, 'RUNID') ? readRunId(form) : job.runId
    const moreBytes = bytesOf(uploads) - bytesOf(job.uploads)
    const changed = await this.#within(caller, saved, (limits) =>
      setParameters(pool, job.id, { runId, parameters, uploads, moreBytes }, limits),
    )
    if (changed === undefined) throw await this.#tooLate(job, 'setting parameters')
    await this.#announce(job)
  }

  async setExecutionDuration(job: Job, form: Form): Promise<void> {
    const text = parameterOf(form, 'EXECUTIONDURATION')
    if (text === undefined) throw bad('EXECUTIONDURATION is missing')
    const seconds = readExecutionSeconds(text, this.#config.executionSeconds)
    const changed = await setExecutionSeconds((await this.#open()).pool, job.id, seconds)
    if (changed === undefined) throw await this.#tooLate(job, 'setting the execution duration')
    await this.#announce(job)
  }

  async setDestruction(job: Job, form: Form): Promise<void> {
    const text = parameterOf(form, 'DESTRUCTION')
    if (text === undefined) throw bad('DESTRUCTION is missing')
    const { hard } = secondsKept(this.#config)
    const time = readInstant('DESTRUCTION', text)
    const changed = await setDestruction((await this.#open()).pool, job.id, time, hard)
    if (changed === undefined) throw await this.#tooLate(job, 'setting the destruction time')
    await this.#announce(job)
  }

  /** USER and GROUP may read the job, until UNTIL; with ACTION=REMOVE no longer. */
  async share(job: Job, form: Form): Promise<void> {
    const { pool } = await this.#open()
    const action = parameterOf(form, 'ACTION')
    if (action !== undefined && action !== 'REMOVE') {
      throw bad(`ACTION is REMOVE or left out, not ${JSON.stringify(action)}`)
    }
    if (job.owner === null) throw bad('the job has no owner: anyone who has its address can read it')
    const grantees = readGrantees(form)
    const until = parameterOf(form, 'UNTIL')
    if (action !== 'REMOVE') await checkGroups(pool, this.#name, grantees)
    if (action === 'REMOVE') await unshareJob(pool, job.id, grantees)
    else if (!(await shareJob(pool, job.id, grantees, until === undefined ? null : readInstant('UNTIL', until)))) {
      throw noJob(job.id)
    }
    await this.#announce(job)
  }

  async shares({ id }: Job): Promise<readonly Share[]> {
    return listShares((await this.#open()).pool, this.#itemOf(id))
  }

  async events({ id }: Job): Promise<readonly UwsEvent[]> {
    return listEvents((await this.#open()).pool, this.#itemOf(id))
  }

  /**
   * The result as it was committed (DESIGN §8.3 rule 3): its bytes, or where they can be read for a while; undefined: there
   * is none. Who asks has been looked at: whoever has the address can read it.
   */
  async deliverResult({ id, phase, result }: Job): Promise<ApiResponse | undefined> {
    if (phase !== 'COMPLETED' || result === null) return undefined
    const { object, generation, contentType, bytes } = result
    const { bucket } = await this.#open()
    if (this.#config.delivery === 'redirect') {
      const location = await bucket.signUrl(object, generation, SIGNED_SECONDS).catch((error: unknown) => {
        this.#logger.error(`the result is streamed: ${messageOf(error)}`, { job: id, error })
        return undefined
      })
      if (location !== undefined)
        return { status: 303, headers: { location, 'cache-control': 'no-store' }, body: undefined }
    }
    const body = await bucket.stream(object, generation)
    if (body === undefined) return undefined
    return { headers: { 'content-type': contentType, 'content-length': String(bytes) }, body }
  }

  async openUpload({ object, generation }: StoredUpload): Promise<AsyncIterable<Uint8Array> | undefined> {
    return (await this.#open()).bucket.stream(object, generation)
  }

  /** Does what the caller's quota must have room for. Tables that came with what it has no room for are deleted. */
  async #within<T>(caller: Caller, saved: readonly StoredUpload[], work: (limits: Limits) => Promise<T>): Promise<T> {
    const limits = limitsOf(this.#config.quotas, holderOf(caller))
    try {
      return await work(limits)
    } catch (error) {
      if (!(error instanceof QuotaError)) throw error
      const backend = await this.#open()
      await Promise.all([
        ...saved.map(({ object, generation }) => backend.bucket.remove(object, generation)),
        noteQuota(backend, { server: this.#name, owner: ownerOf(caller), error, logger: this.#logger }),
      ])
      throw error
    }
  }

  #itemOf(id: string): Item {
    return { server: this.#name, type: 'job', id }
  }

  async #announce(job: Job): Promise<void> {
    await announceJob(await this.#open(), job, this.#logger)
  }

  /** The row says that it is owed until Pub/Sub has it; what fails here the watcher does. */
  async #dispatch(job: string): Promise<void> {
    const { pool, queue } = await this.#open()
    if (!(await markDispatched(pool, job))) return
    try {
      await queue.send({ server: this.#name, job })
    } catch (error) {
      this.#logger.error(`the job is queued, its message is still owed: ${messageOf(error)}`, { job, error })
      await markOwed(pool, job)
    }
  }

  /** Somebody else may have changed the job since it was read. */
  async #tooLate({ id }: Job, what: string): Promise<HttpError> {
    const job = await readJob((await this.#open()).pool, this.#name, id)
    if (job === undefined) return noJob(id)
    return new HttpError(403, { msg: `${what} is too late: the job is ${job.phase}`, type: 'phase' })
  }
}

/** Nobody else can reach the query: its row is there for the record. */
function isRunningSync({ mode, phase }: Job): boolean {
  return mode === 'sync' && phase === 'EXECUTING'
}

function endsWithClient({ id }: Job): HttpError {
  const msg = `the job ${id} is a sync query: it ends when its client closes the connection`
  return new HttpError(403, { msg, type: 'phase' })
}

function bytesOf(uploads: readonly StoredUpload[]): number {
  return uploads.reduce((sum, { bytes }) => sum + bytes, 0)
}

export function noJob(id: string): HttpError {
  return new HttpError(404, { msg: `there is no job ${quoted(id)}`, type: 'job_not_found' })
}

/** Tables that came with a request are kept beside the results until the job is deleted. */
async function saveUploads(
  bucket: JobBackend['bucket'],
  job: string,
  { files }: Form,
): Promise<readonly StoredUpload[]> {
  for (const name of files.keys()) refuseNul(name)
  const saved: StoredUpload[] = []
  for (const [name, { content, contentType }] of files) {
    const object = `${uploadsPrefix(job)}${randomUUID()}`
    const type = contentType ?? 'application/octet-stream'
    const options = { ifGenerationMatch: '0', contentType: type, metadata: { jobid: job } }
    const { generation, size } = await bucket.save(object, content, options)
    saved.push({ name, object, generation, bytes: size, contentType: contentType ?? '' })
  }
  return saved
}
