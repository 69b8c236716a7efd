import { readQueryTables } from '../../shared/deployment/read-user-tables.ts'
import type { ApiRequest } from '../../shared/platform/http/route.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { answerQuery } from '../../shared/tap/answer-query.ts'
import { describeQueryError } from '../../shared/tap/describe-query-error.ts'
import { readParameters } from '../../shared/tap/parameters.ts'
import { type CreatedTable, checkNewName, createUserTable } from '../../shared/user-tables/create-table.ts'
import { UserTableError } from '../../shared/user-tables/failures.ts'
import { type ChosenFormat, FORMATS } from '../../shared/votable/formats.ts'
import { toHttpError } from './error-document.ts'
import { bad, parameterOf } from './job-parameters.ts'
import { Jobs } from './jobs.ts'
import { readerOf } from './quota-holder.ts'
import { type NewContent, readRows } from './read-content.ts'
import { ABORTED, COMPLETED, failed, recordSync } from './sync-record.ts'
import type { OwnTables } from './user-table-access.ts'

type Request = Pick<ApiRequest, 'form' | 'signal' | 'caller'>

export interface SavedTable extends CreatedTable {
  /** Whether the result of the job was cut at its MAXREC. */
  readonly overflow: boolean
}

/** It has all that FIELD can say, and is read as it comes. */
const VOTABLE: ChosenFormat = {
  serialization: 'binary2',
  contentType: FORMATS[0].mediaType,
  extension: FORMATS[0].extension,
}

/**
 * Makes a new table of the caller of the result of a job, or of a query that is run for it: with all rows, or not at all.
 *
 * @throws HttpError, UserTableError, UploadError, QuotaError
 */
export async function saveResult(own: OwnTables, name: string, request: Request, logger: Logger): Promise<SavedTable> {
  const job = parameterOf(request.form, 'JOB')
  if ((job === undefined) === (parameterOf(request.form, 'QUERY') === undefined)) {
    throw bad('JOB or QUERY is needed, one of them: the id of a job, or a query with the parameters of /sync')
  }
  await checkNewName(own.pool, { server: own.server, owner: own.owner, name })
  if (job !== undefined) return saveJob(own, name, { job, caller: request.caller }, logger)
  return { ...(await saveQuery(own, name, request, logger)), overflow: false }
}

async function saveJob(
  own: OwnTables,
  name: string,
  { job: id, caller }: { readonly job: string; readonly caller: Request['caller'] },
  logger: Logger,
): Promise<SavedTable> {
  const { served, openJobs, jobs, load } = own
  const { phase, result } = await new Jobs(served, jobs, openJobs, logger).find(id, caller, 'read')
  if (phase !== 'COMPLETED' || result === null) {
    throw new UserTableError('result_missing', `the job ${id} is ${phase}: it has no result that could be saved`)
  }
  const { object, generation, contentType, rows, overflow } = result
  if (rows > load.rows) {
    const most = `the limit for one table that is saved is ${load.rows}`
    throw new UserTableError('too_many_rows', `the result of the job ${id} has ${rows} rows, ${most}`)
  }
  const bytes = await (await openJobs()).bucket.stream(object, generation)
  if (bytes === undefined) throw new UserTableError('result_missing', `the result of the job ${id} is gone`)
  // Of other formats the bytes are held in memory until the types of all columns are known.
  const limits = { name, rows: load.rows, bytes: /xml/.test(contentType) ? Number.MAX_SAFE_INTEGER : load.bytes }
  return { ...(await create(own, name, await readRows(bytes, contentType, limits))), overflow }
}

async function saveQuery(own: OwnTables, name: string, request: Request, logger: Logger): Promise<CreatedTable> {
  const { served, load } = own
  const { form, signal, caller } = request
  const { limits } = served.service
  const most = Math.min(load.rows, limits.maxrec.hard ?? load.rows)
  // One more shows that there are more than can be saved.
  const asked = readParameters(form.pairs, { maxrec: { default: most + 1, hard: most + 1 } })
  const end = await recordSync(served, request, asked.runId, logger)
  try {
    const userTables = await readQueryTables(served, readerOf(caller))
    const { body, release } = await answerQuery(
      await served.open(),
      { ...asked, format: VOTABLE },
      {
        userTables,
        ...{ form, signal, uploads: limits.uploads, timeoutMs: limits.syncSeconds * 1000, onError: 'throw' },
        describeError: (error) => describeQueryError(error, asked.query),
      },
    )
    const reading = { name, rows: most + 1, bytes: Number.MAX_SAFE_INTEGER }
    const created = await create(own, name, await readRows(body, VOTABLE.contentType, reading), most)
    end({ ...COMPLETED, release })
    return created
  } catch (error) {
    end({ ...(signal.aborted ? ABORTED : failed(describeQueryError(error, asked.query))), release: null })
    throw toHttpError(error, asked.query)
  }
}

function create(own: OwnTables, name: string, content: NewContent, mostRows?: number): Promise<CreatedTable> {
  const { pool, server, owner, queryRole, limits } = own
  const most = mostRows === undefined ? {} : { mostRows }
  return createUserTable(pool, { server, owner, name, queryRole, ...content, ...most }, limits)
}
