import { Failure } from '../../failure.ts'
import type { Clock } from '../clock.ts'
import type { StateBucket } from '../result-bucket.ts'
import { LeaseLostError, SweepStateError } from '../result-failures.ts'
import { formatState, NO_STATE, parseState, type SweepState } from './sweep-state.ts'

export interface LeaseOptions {
  readonly bucket: StateBucket
  /** Where the state lies: for messages. */
  readonly where: string
  readonly stateObject: string
  /** Unique for each call. */
  readonly owner: string
  readonly leaseMs: number
  readonly clock: Clock
  /** The store's time is that of the clock plus this. */
  readonly offsetMs: number
}

/** The state as it is, and the generation that a change has to replace. */
export interface FoundState {
  readonly state: SweepState
  readonly generation: string
}

/** 4,096 positions with names of 1 KiB. */
const MAX_STATE_BYTES = 8 * 1024 * 1024

/** @throws SweepStateError */
export async function readState(options: Pick<LeaseOptions, 'bucket' | 'stateObject' | 'where'>): Promise<FoundState> {
  const found = await options.bucket.read(options.stateObject, { maxBytes: MAX_STATE_BYTES })
  if (found === undefined) return { state: NO_STATE, generation: '0' }
  const state = parseState(found.content)
  if (state === null) throw new SweepStateError(options.where)
  return { state, generation: found.object.generation }
}

/**
 * Takes the lease on the bucket by writing it over the very state that was read, so that of several only one gets it.
 * One that has run out is taken over: its owner is dead, or finds out before it deletes anything more.
 *
 * @returns null: another sweep holds it
 */
export async function acquireLease(options: LeaseOptions, { state, generation }: FoundState): Promise<Lease | null> {
  const { clock, offsetMs } = options
  if (state.lease !== null && Date.parse(state.lease.until) > clock.now() + offsetMs) return null
  const lease = new Lease(options, generation)
  try {
    await lease.save(state)
  } catch (error) {
    if (error instanceof LeaseLostError) return null
    throw error
  }
  return lease
}

export class Lease {
  readonly #options: LeaseOptions
  #generation: string
  #savedAt = Number.NEGATIVE_INFINITY
  #saving: Promise<void> = Promise.resolve()

  constructor(options: LeaseOptions, generation: string) {
    this.#options = options
    this.#generation = generation
  }

  /** Milliseconds since the lease was last known to be ours. */
  get age(): number {
    return this.#options.clock.now() - this.#savedAt
  }

  /**
   * Writes the state, which also renews the lease. One write after the other.
   *
   * @throws LeaseLostError when somebody else has written it
   */
  save(state: Omit<SweepState, 'lease' | 'almagest'>): Promise<void> {
    return this.#write(state, true)
  }

  /** Writes the state for the last time and gives the lease back. Throws as `save`. */
  release(state: Omit<SweepState, 'lease' | 'almagest'>): Promise<void> {
    return this.#write(state, false)
  }

  #write({ run, last }: Omit<SweepState, 'lease' | 'almagest'>, keep: boolean): Promise<void> {
    const write = async () => {
      const { bucket, stateObject, owner, leaseMs, clock, offsetMs } = this.#options
      // Counted from before the request: what the store takes for it is not ours.
      const began = clock.now()
      const until = new Date(began + offsetMs + leaseMs).toISOString()
      const content = formatState({ ...NO_STATE, lease: keep ? { owner, until } : null, run, last })
      try {
        const options = { ifGenerationMatch: this.#generation, contentType: 'application/json' }
        const save = () => bucket.save(stateObject, content, options)
        const saved = await save().catch(async (error: unknown) => {
          if (!isTooOften(error)) throw error
          await clock.sleep(SAME_NAME_MS)
          return save()
        })
        this.#generation = saved.generation
        this.#savedAt = began
      } catch (error) {
        throw error instanceof Failure && error.code === 'precondition_failed' ? new LeaseLostError(error) : error
      }
    }
    const mine = this.#saving.then(write, write)
    this.#saving = mine.catch(() => {})
    return mine
  }
}

/** An object takes one write per second ("Quotas and limits"); a short sweep gives the lease back sooner than that. */
const SAME_NAME_MS = 1_000

function isTooOften(error: unknown): boolean {
  return error instanceof Failure && 'status' in error && error.status === 429
}
