import type { JobBackend } from './served-tap.ts'

/** Deletes all objects of the results bucket whose names begin like that. It can be repeated. */
export async function removeObjects(bucket: JobBackend['bucket'], prefix: string): Promise<void> {
  let token: string | null = null
  do {
    const page: Awaited<ReturnType<typeof bucket.page>> = await bucket.page({ prefix }, token)
    for (const { name, generation } of page.objects) await bucket.remove(name, generation)
    token = page.nextPageToken
  } while (token !== null)
}
