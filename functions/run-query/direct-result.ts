import type { JobBackend, QservBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import { QueryServiceError, QueryUnavailableError } from '../../shared/query/errors.ts'
import { pairsOf } from '../../shared/tap/job-objects.ts'
import { readParameters } from '../../shared/tap/parameters.ts'
import type { Job, JobResult } from '../../shared/uws/job.ts'
import type { ReadyJob } from '../../shared/uws/remote-query.ts'
import type { ResultPlan } from './result-plan.ts'

/** Whether Qserv writes the result of a job by itself: it knows VOTable alone. */
export function isDirect({ limits }: ServedTap['service'], job: Job, { config }: QservBackend): boolean {
  if (config.storage !== 'direct') return false
  return readParameters(pairsOf(job.parameters, job.runId), limits).format.extension === 'vot'
}

/** How Qserv calls what it writes. */
export function directObject(queryId: string): string {
  return `result-${queryId}.xml`
}

/** Clocks of Qserv, of the store and of the database differ by less. */
const SKEW_MS = 300_000
const EDGE_BYTES = 4096

/**
 * The object that Qserv has written, once it is there, whole, and of this query: numbers of queries begin anew when a Qserv
 * is set up anew, so that an older object of the same name belongs to somebody else.
 *
 * @throws QueryUnavailableError where it is not there yet, QueryServiceError
 */
export async function findDirectResult(
  { bucket }: JobBackend,
  { queryId, submitted }: ReadyJob,
  { maxRows }: ResultPlan,
  { client }: QservBackend,
): Promise<JobResult> {
  const name = directObject(queryId)
  const found = await bucket.stat(name)
  if (found === undefined) throw new QueryUnavailableError(`Qserv has not written ${name} yet.`)
  if (Date.parse(found.timeCreated) < submitted.getTime() - SKEW_MS) {
    throw new QueryServiceError(`${name} is older than the query: it belongs to another one.`)
  }
  const { generation, size } = found
  await checkWhole(bucket, name, generation, size)
  const { rows } = await client.status(queryId)
  const contentType = 'application/x-votable+xml'
  return {
    object: name,
    generation,
    bytes: size,
    contentType,
    rows: rows ?? 0,
    overflow: rows !== null && rows >= maxRows,
  }
}

/** Reads it once, in flat memory: its length, how it begins and how it ends. */
async function checkWhole(bucket: JobBackend['bucket'], name: string, generation: string, size: number): Promise<void> {
  const content = await bucket.stream(name, generation)
  if (content === undefined) throw new QueryUnavailableError(`${name} was replaced while it was being checked.`)
  let head = Buffer.alloc(0)
  let tail = Buffer.alloc(0)
  let length = 0
  for await (const chunk of content) {
    if (head.length < EDGE_BYTES) head = Buffer.concat([head, chunk.subarray(0, EDGE_BYTES)])
    tail = Buffer.concat([tail, chunk.subarray(-EDGE_BYTES)]).subarray(-EDGE_BYTES)
    length += chunk.length
  }
  const isWhole =
    length === size &&
    /<(?:\w+:)?VOTABLE[\s>]/.test(head.toString('latin1')) &&
    /<\/(?:\w+:)?VOTABLE>\s*$/.test(tail.toString('latin1'))
  if (!isWhole) throw new QueryServiceError(`${name}, which Qserv has written, is not a whole VOTable.`)
}
