/** A service that does not know its callers lists no jobs: the browser remembers those that were made here. */
const MOST = 200

function keyOf(service: string): string {
  return `almagest jobs ${service}`
}

/** Addresses of jobs, the newest first. */
export function rememberedJobs(service: string): readonly string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(keyOf(service)) ?? '[]')
    return Array.isArray(found) ? found.filter((url) => typeof url === 'string' && url.startsWith(`${service}/`)) : []
  } catch {
    // Storage can be switched off, or hold what somebody else wrote.
    return []
  }
}

export function rememberJob(service: string, url: string): void {
  save(service, [url, ...rememberedJobs(service).filter((known) => known !== url)].slice(0, MOST))
}

export function forgetJob(service: string, url: string): void {
  save(
    service,
    rememberedJobs(service).filter((known) => known !== url),
  )
}

function save(service: string, urls: readonly string[]): void {
  try {
    localStorage.setItem(keyOf(service), JSON.stringify(urls))
  } catch {
    // Then they are not remembered.
  }
}
