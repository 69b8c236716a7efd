import type { JobBackend } from '../../shared/deployment/served-tap.ts'
import type { Job } from '../../shared/uws/job.ts'
import { QuotaError, readUsage } from '../../shared/uws/quota.ts'

/**
 * The result of a job, as far as its owner has room for it now: one that is too large is not written to its end. The last
 * word has `completeJob`, which counts again.
 *
 * @returns a body that throws QuotaError
 */
export async function limitBytes(
  pool: JobBackend['pool'],
  { server, owner, byteLimit }: Job,
  body: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  if (byteLimit === null) return body
  const { storedBytes } = await readUsage(pool, server, owner)
  return upTo(body, byteLimit - storedBytes, byteLimit)
}

async function* upTo(body: AsyncIterable<Uint8Array>, room: number, storedBytes: number) {
  let left = room
  for await (const chunk of body) {
    left -= chunk.length
    if (left < 0) throw new QuotaError('storedBytes', { storedBytes })
    yield chunk
  }
}
