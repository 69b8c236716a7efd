import { Failure } from '../../shared/failure.ts'
import type { Clock } from '../../shared/results/clock.ts'
import type { ResultBucket } from '../../shared/results/result-bucket.ts'
import type { ListedObject, ObjectPage, ObjectRange, RemoveOutcome } from '../../shared/stored-objects.ts'
import { EPOCH } from './config.ts'

class Conflict extends Failure {
  constructor() {
    super('overtaken', 'precondition_failed', 'another generation is there')
  }
}

/** The store's answer when a test has killed the process: nothing of it comes through any more. */
export class Killed extends Error {}

/** A clock that only moves when the test moves it, or sleeps on it. */
export class TestClock implements Clock {
  time = 0
  now(): number {
    return this.time
  }
  date(): number {
    return EPOCH + this.time
  }
  async sleep(milliseconds: number): Promise<void> {
    const until = this.time + milliseconds
    await Promise.resolve()
    this.time = Math.max(this.time, until)
  }
}

interface Stored extends ListedObject {
  readonly content: Buffer
}

export interface Put {
  readonly at?: number
  readonly size?: number
  readonly metadata?: Record<string, string>
  readonly customTime?: string
  readonly held?: boolean
  readonly retainedUntil?: string
}

/** A bucket with exact generations on a clock of its own, whose calls can be watched, broken into and cut off. */
export class SimulatedBucket implements ResultBucket {
  readonly objects = new Map<string, Stored>()
  readonly removed: ListedObject[] = []
  readonly calls: string[] = []
  versioning = false
  /** Milliseconds since 1970, when the clock shows 0. */
  readonly epoch: number
  readonly clock: TestClock
  pageSize = 1000
  /** Runs before each call. */
  before: (call: string) => void | Promise<void> = () => {}
  #generation = 1

  constructor(clock: TestClock, epoch = EPOCH) {
    this.clock = clock
    this.epoch = epoch
  }

  get now(): number {
    return this.epoch + this.clock.time
  }

  put(name: string, options: Put = {}): Stored {
    const object = {
      name,
      generation: String(this.#generation++),
      metageneration: '1',
      size: options.size ?? 10,
      timeCreated: new Date(options.at ?? this.now).toISOString(),
      customTime: options.customTime ?? null,
      held: options.held ?? false,
      retainedUntil: options.retainedUntil ?? null,
      metadata: options.metadata ?? {},
      content: Buffer.alloc(0),
    }
    this.objects.set(name, object)
    return object
  }

  patch(name: string, change: Partial<ListedObject>): void {
    const object = this.objects.get(name)
    if (object === undefined) throw new Error(`there is no ${name}`)
    this.objects.set(name, { ...object, ...change, metageneration: String(Number(object.metageneration) + 1) })
  }

  names(): string[] {
    return [...this.objects.keys()].sort()
  }

  async describe() {
    await this.#enter('describe')
    return {
      serverTime: new Date(this.now),
      settings: { versioning: this.versioning, softDeleteMs: 0, retentionMs: 0, billedDays: 0 },
    }
  }

  async page(
    { prefix = '', startOffset = '', endOffset }: ObjectRange,
    pageToken?: string | null,
  ): Promise<ObjectPage> {
    const first = pageToken ?? startOffset
    await this.#enter(`page ${first}`)
    const names = this.names().filter(
      (name) => name.startsWith(prefix) && name >= first && (endOffset === undefined || name < endOffset),
    )
    const objects = names.slice(0, this.pageSize).map((name) => this.objects.get(name)!)
    return { objects, nextPageToken: names[this.pageSize] ?? null }
  }

  async removeListed({ name, generation, metageneration }: ListedObject): Promise<RemoveOutcome> {
    await this.#enter(`remove ${name}`)
    const found = this.objects.get(name)
    if (found === undefined) return 'absent'
    if (found.generation !== generation || found.metageneration !== metageneration) return 'replaced'
    if (found.held || Date.parse(found.retainedUntil ?? '') > this.now) return 'protected'
    this.objects.delete(name)
    this.removed.push(found)
    return 'removed'
  }

  async read(name: string) {
    await this.#enter(`read ${name}`)
    const object = this.objects.get(name)
    return object === undefined ? undefined : { object, content: object.content }
  }

  async save(name: string, content: Uint8Array, { ifGenerationMatch }: { readonly ifGenerationMatch: string }) {
    await this.#enter(`save ${name}`)
    if ((this.objects.get(name)?.generation ?? '0') !== ifGenerationMatch) throw new Conflict()
    const object = { ...this.put(name), content: Buffer.from(content) }
    this.objects.set(name, object)
    return { generation: object.generation }
  }

  async #enter(call: string): Promise<void> {
    this.calls.push(call)
    await this.before(call)
  }
}
