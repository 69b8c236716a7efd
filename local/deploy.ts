import { setTimeout as pause } from 'node:timers/promises'
import { FunctionError } from '../cli/commands/server/function-access.ts'
import type { ServerAccess } from '../cli/commands/server/server-access.ts'
import type { Bucket } from '../shared/platform/storage/objects.ts'
import type { StoredObject } from '../shared/stored-objects.ts'
import type { HistoryEntry } from '../shared/tap-schema/history.ts'
import { RejectedError } from '../shared/tap-schema/slot-failures.ts'
import type { ServerStatus, SlotStatus } from '../shared/tap-schema/status.ts'
import type { ChosenRelease } from './choose-release.ts'
import { formatDuration, type Steps } from './steps.ts'
import { type Upload, uploadRelease } from './upload.ts'

/** A TAP server and the release that it shall have. */
export interface Target {
  readonly server: string
  readonly release: ChosenRelease
  /** Whether the release was staged with other schemas before, so that it has to be staged anew. */
  readonly schemasChanged: boolean
  readonly access: ServerAccess
  /** Asks for a release that lies in the bucket to be staged. */
  readonly requestStage: (version: string) => Promise<void>
}

export interface DeployTools {
  readonly bucket: Bucket
  readonly objectOf: (version: string) => string
  readonly steps: Steps
  /** Throws as soon as the stack is to end. */
  readonly race: <T>(work: Promise<T>) => Promise<T>
  readonly swap: boolean
  /** Called for each server whose release is staged. */
  readonly onStaged: (target: Target) => Promise<void>
}

export interface Deployment {
  readonly server: string
  readonly version: string
  /** `resumed`: what is live was left as it is; `live`: the release was live already. */
  readonly outcome: 'resumed' | 'live' | 'staged' | 'swapped'
  readonly stageMs: number | null
  readonly swapMs: number | null
}

/**
 * Brings each release the way that it goes in the cloud: into the bucket, from there by notification into the staging
 * slot, and by a call of the operator into the live slot. What is done already is not done again.
 *
 * @throws RejectedError, and what storage and functions throw
 */
export async function deploy(targets: readonly Target[], tools: DeployTools): Promise<readonly Deployment[]> {
  const plans: Plan[] = []
  for (const target of targets) {
    const before = await tools.race(target.access.readStatus(1))
    plans.push({ target, before, resumed: target.release.isDefault ? before.slots.live.version : null })
  }
  const releases = plans.filter(({ resumed }) => resumed === null).map(({ target }) => target.release)
  const uploads = await uploadEach(releases, tools)
  const deployments: Deployment[] = []
  for (const plan of plans) deployments.push(await carryOut(plan, uploads, tools))
  return deployments
}

interface Plan {
  readonly target: Target
  readonly before: ServerStatus
  /** The version that is live and is kept, because nobody asked for another. */
  readonly resumed: string | null
}

/** Servers that take the same version share one upload. */
async function uploadEach(
  releases: readonly ChosenRelease[],
  { bucket, objectOf, steps, race }: DeployTools,
): Promise<ReadonlyMap<string, Upload>> {
  const uploads = new Map<string, Upload>()
  for (const { version, content } of releases) {
    if (uploads.has(version)) continue
    const upload = await steps.step(
      `release ${version}`,
      () => race(uploadRelease(bucket, objectOf(version), content)),
      ({ object, isNew }) => {
        const where = `gs://${object.bucket}/${object.name}, ${formatBytes(object.size)}`
        return isNew ? `uploaded to ${where}` : `is in the bucket already (${where})`
      },
    )
    uploads.set(version, upload)
  }
  return uploads
}

async function carryOut(
  { target, before, resumed }: Plan,
  uploads: ReadonlyMap<string, Upload>,
  tools: DeployTools,
): Promise<Deployment> {
  const { server, release, schemasChanged, access } = target
  const { version } = release
  const upload = uploads.get(version)
  const done = { server, version, stageMs: null, swapMs: null }
  if (resumed !== null || upload === undefined) return { ...done, version: resumed ?? version, outcome: 'resumed' }
  const { object, isNew } = upload
  const holds = (slot: SlotStatus) => !isNew && !schemasChanged && isFrom(slot, object)
  if (holds(before.slots.live)) return { ...done, outcome: 'live' }
  const staged = holds(before.slots.staging) ? null : await stage(target, before, { object, isNew }, tools)
  await tools.onStaged(target)
  const stageMs = staged?.durationMs ?? null
  if (!tools.swap) return { ...done, outcome: 'staged', stageMs }
  const { generation } = object
  const wishes = { id: undefined, leaveReadersOut: false, actor: undefined, deadlineSeconds: undefined }
  const request = { version, generation, ...wishes }
  const swapped = await tools.steps.step(
    `${server}: swap`,
    () => tools.race(access.swap(request)),
    ({ live, previous, durationMs }) => {
      const replaced = previous === null ? '' : `, ${previous} is previous`
      return `${live} is live${replaced} (transaction ${formatDuration(durationMs)})`
    },
  )
  return { ...done, outcome: 'swapped', stageMs, swapMs: swapped.durationMs }
}

async function stage(
  target: Target,
  before: ServerStatus,
  { object, isNew }: Upload,
  { steps, race }: DeployTools,
): Promise<HistoryEntry> {
  const last = before.history[0]?.id ?? 0
  const { version } = target.release
  const work = async () => {
    // A new object notifies by itself; one that is there already does not.
    if (!isNew) await target.requestStage(version).catch(unlessRejected)
    return race(awaitEntry(target.access, object, last))
  }
  return steps.step(`${target.server}: stage`, work, ({ rows, durationMs }) => {
    const size = rows === null ? '' : `, ${rows.tables} tables, ${rows.columns} columns`
    return `${version} is staged${size} (transaction ${formatDuration(durationMs)})`
  })
}

/** The history says more about a rejection than the answer. */
function unlessRejected(error: unknown): void {
  if (!(error instanceof FunctionError && error.status === 422)) throw error
}

const POLL_MS = 40
/** Longer than any release takes on any machine; a delivery that fails for good is reported earlier. */
const PATIENCE_MS = 300_000

/**
 * Waits until the history tells what became of an upload.
 *
 * @throws RejectedError
 */
async function awaitEntry(access: ServerAccess, object: StoredObject, after: number): Promise<HistoryEntry> {
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline) {
    const { history } = await access.readStatus(50)
    const entry = history.find(({ id, source }) => id > after && source?.generation === object.generation)
    if (entry?.action === 'rejected') throw new RejectedError(entry.version, entry.problems)
    if (entry !== undefined) return entry
    await pause(POLL_MS)
  }
  throw new Error(`nothing was heard of ${object.name} for ${PATIENCE_MS / 1000} s`)
}

function isFrom({ source }: SlotStatus, object: StoredObject): boolean {
  return source?.bucket === object.bucket && source.object === object.name && source.generation === object.generation
}

function formatBytes(bytes: number): string {
  return bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1000)} kB`
}
