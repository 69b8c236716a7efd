import type { JobBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import type { Upload } from '../../shared/query/upload.ts'
import { openAll } from '../../shared/tap/answer-query.ts'
import type { UploadForm } from '../../shared/tap/uploads.ts'
import type { Job } from '../../shared/uws/job.ts'

/** The tables that came with the requests of a job, as a form has them. */
export async function readUploads(bucket: JobBackend['bucket'], job: Job, maxBytes: number): Promise<UploadForm> {
  const files = new Map<string, { readonly content: Uint8Array; readonly contentType: string | null }>()
  for (const { name, object, generation, contentType } of job.uploads) {
    const found = await bucket.read(object, { generation, maxBytes })
    // One that is gone is reported as any other that UPLOAD names and nobody sent.
    if (found !== undefined) files.set(name, { content: found.content, contentType: contentType || null })
  }
  return { pairs: [], files }
}

/** The same as tables, with those that lie at URLs. @throws what `openUploads` throws */
export async function openJobUploads(
  { service, open }: ServedTap,
  { bucket }: JobBackend,
  job: Job,
  values: readonly string[],
  signal: AbortSignal,
): Promise<readonly Upload[]> {
  const { uploads: limits } = service.limits
  const { fetchUpload: fetch } = await open()
  return openAll(values, await readUploads(bucket, job, limits.bytes), { limits, fetch, signal })
}
