import { showControls } from '../../../shared/printable.ts'
import { endOnInterrupt } from '../../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../../terminal/output.ts'
import { withProgress } from '../../terminal/progress.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { TOKEN_VARIABLE } from '../server/options.ts'
import type { JobAccess, ListedJob, ShownJob } from './job-access.ts'

export interface JobsFlags extends OutputOptions {
  readonly url?: string
  readonly token?: string
  readonly environment?: string
  readonly server?: string
}

export interface ListFlags extends JobsFlags {
  readonly phase?: readonly string[]
  readonly owner?: string
  readonly after?: Date
  readonly last: number
}

export interface ShareFlags extends JobsFlags {
  readonly user?: readonly string[]
  readonly group?: readonly string[]
  readonly until?: Date
  readonly remove?: true
}

export async function list(flags: ListFlags): Promise<void> {
  const { phase = [], owner, after, last } = flags
  const phases = phase.map((name) => name.toUpperCase())
  const jobs = await work(flags, 'reading the jobs', (access) => access.list({ phases, owner, after, last }))
  writeResult(jobs, flags, formatJobs)
}

export async function show(id: string, flags: JobsFlags): Promise<void> {
  writeResult(await work(flags, 'reading the job', (access) => access.show(id)), flags, formatJob)
}

export async function abort(id: string, flags: JobsFlags): Promise<void> {
  const phase = await work(flags, 'ending the job', (access) => access.abort(id))
  writeResult({ id, phase }, flags, () =>
    phase === 'ABORTED' ? `${id} is ABORTED` : `${id} had ended already: it is ${phase}`,
  )
}

export async function remove(id: string, flags: JobsFlags): Promise<void> {
  await work(flags, 'deleting the job', (access) => access.delete(id))
  writeResult({ id, outcome: 'deleted' }, flags, () => `${id} is deleted`)
}

export async function share(id: string, flags: ShareFlags): Promise<void> {
  const { user: users = [], group: groups = [], until, remove: isRemoved = false } = flags
  if (users.length + groups.length === 0) throw new UsageError('say with whom: --user or --group')
  if (isRemoved && until !== undefined) throw new UsageError('--until has no meaning with --remove')
  const request = { users, groups, until, remove: isRemoved }
  await work(flags, 'sharing the job', (access) => access.share(id, request))
  const names = [...users, ...groups.map((group) => `the group ${group}`)].join(', ')
  const may = isRemoved ? 'may not read it any more' : 'may read it'
  writeResult(
    { id, ...request },
    flags,
    () => `${id}: ${names} ${may}${until === undefined ? '' : ` until ${until.toISOString()}`}`,
  )
}

async function work<T>(flags: JobsFlags, label: string, operation: (access: JobAccess) => Promise<T>): Promise<T> {
  endOnInterrupt()
  const access = await openAccess(flags)
  return withProgress(label, () => operation(access))
}

async function openAccess({ url, token, environment, server }: JobsFlags): Promise<JobAccess> {
  if (environment !== undefined) {
    if (url !== undefined) throw new UsageError('give either --url or --environment, not both')
    if (token !== undefined) throw new UsageError('--token is for a service: leave it out with --environment')
    return (await import('./database-access.ts')).openDatabaseAccess(environment, server)
  }
  if (server !== undefined)
    throw new UsageError('--server names a TAP server of an environment: give --environment too')
  const { findService } = await import('../query/find-service.ts')
  const { openServiceAccess } = await import('./service-access.ts')
  return openServiceAccess({ url: await findService(url), token: token ?? (process.env[TOKEN_VARIABLE] || undefined) })
}

interface Column {
  readonly name: string
  read(job: ListedJob): string | null
}

const COLUMNS: readonly Column[] = [
  { name: 'id', read: ({ id }) => id },
  { name: 'server', read: ({ server }) => server },
  { name: 'owner', read: ({ owner }) => owner },
  { name: 'phase', read: ({ phase }) => phase },
  { name: 'created', read: ({ created }) => created },
  { name: 'run id', read: ({ runId }) => runId },
  { name: 'query', read: ({ query }) => query?.replace(/\s+/g, ' ') ?? null },
]

/** Columns without any value are left out. */
function formatJobs(jobs: readonly ListedJob[]): string {
  if (jobs.length === 0) return 'there are no such jobs'
  const columns = COLUMNS.filter(({ read }) => jobs.some((job) => read(job) !== null))
  return formatTable(
    columns.map(({ name }) => name),
    jobs.map((job) => columns.map(({ read }) => read(job))),
    { width: terminalWidth() },
  ).join('\n')
}

function formatJob(job: ShownJob): string {
  const lines: readonly (readonly [string, string | number | null])[] = [
    ['id', job.id],
    ['server', job.server],
    ['owner', job.owner],
    ['run id', job.runId],
    ['phase', job.phase],
    ['created', job.created],
    ['started', job.started],
    ['ended', job.ended],
    ['may take', job.executionSeconds === null ? null : `${job.executionSeconds} s`],
    ['destruction', job.destruction],
    ['result', job.result],
    ['bytes', job.bytes],
    ['error', job.error],
    ...job.parameters.filter(([name]) => name !== 'RUNID'),
  ]
  const known = lines.filter(([, value]) => value !== null)
  const width = Math.max(...known.map(([name]) => name.length))
  return known.map(([name, value]) => `${name.padEnd(width)}  ${showControls(String(value))}`).join('\n')
}
