import { compareCodePoints } from '../../shared/code-points.ts'
import type { ObjectResource } from './resource.ts'

/**
 * Where the stand-in keeps buckets and objects. One generation of an object exists at a time, as in a bucket without
 * versioning. Calls that change something come one after another.
 */
export interface ObjectStore {
  bucketNames(): readonly string[]
  createBucket(bucket: string): Promise<void>
  removeBucket(bucket: string): Promise<void>
  /** What was chosen for it; it is kept in memory only. undefined: there is no such bucket. */
  settings(bucket: string): BucketSettings | undefined
  configure(bucket: string, settings: BucketSettings): void
  /** In the order of the names' UTF-8 bytes; undefined: there is no such bucket. */
  objects(bucket: string): readonly ObjectResource[] | undefined
  /** The same, from the first name that is not before `first`, each looked up when it is its turn. */
  objectsFrom(bucket: string, first: string): Iterable<ObjectResource>
  find(bucket: string, name: string): ObjectResource | undefined
  content(resource: ObjectResource): Promise<Buffer>
  /** Greater than every generation before it. */
  nextGeneration(): Promise<string>
  put(resource: ObjectResource, content: Buffer): Promise<void>
  /** New metadata of the generation that is there. */
  update(resource: ObjectResource): Promise<void>
  remove(resource: ObjectResource): Promise<void>
}

/** "Buckets: resource representations", as far as the stand-in acts on them. */
export interface BucketSettings {
  /** Only shown: the stand-in keeps no old versions. */
  readonly versioning?: { readonly enabled: boolean }
  /** Only shown. */
  readonly storageClass?: string
  /** Only shown. */
  readonly softDeletePolicy?: { readonly retentionDurationSeconds: string }
  /** Seconds from its creation during which an object can be neither deleted nor overwritten. */
  readonly retentionPolicy?: { readonly retentionPeriod: string }
}

interface IndexedBucket {
  settings: BucketSettings
  readonly objects: Map<string, ObjectResource>
  /** Every name that is there, and perhaps some that went; null: names have come since it was sorted. */
  names: string[] | null
}

/** Buckets and their objects' descriptions. */
export class ObjectIndex {
  readonly #buckets = new Map<string, IndexedBucket>()

  bucketNames(): string[] {
    return [...this.#buckets.keys()].sort()
  }

  addBucket(bucket: string): void {
    if (!this.#buckets.has(bucket)) this.#buckets.set(bucket, { settings: {}, objects: new Map(), names: null })
  }

  removeBucket(bucket: string): void {
    this.#buckets.delete(bucket)
  }

  settings(bucket: string): BucketSettings | undefined {
    return this.#buckets.get(bucket)?.settings
  }

  configure(bucket: string, settings: BucketSettings): void {
    const found = this.#buckets.get(bucket)
    if (found !== undefined) found.settings = settings
  }

  objects(bucket: string): ObjectResource[] | undefined {
    return this.#buckets.has(bucket) ? [...this.objectsFrom(bucket, '')] : undefined
  }

  *objectsFrom(bucket: string, first: string): Generator<ObjectResource> {
    const found = this.#buckets.get(bucket)
    if (found === undefined) return
    found.names ??= [...found.objects.keys()].sort(compareCodePoints)
    const { names, objects } = found
    for (let at = placeOf(first, names); at < names.length; at++) {
      const object = objects.get(names[at] ?? '')
      if (object !== undefined) yield object
    }
  }

  find(bucket: string, name: string): ObjectResource | undefined {
    return this.#buckets.get(bucket)?.objects.get(name)
  }

  set(resource: ObjectResource): void {
    this.addBucket(resource.bucket)
    const found = this.#buckets.get(resource.bucket)
    if (found === undefined) return
    if (!found.objects.has(resource.name)) found.names = null
    found.objects.set(resource.name, resource)
  }

  remove(resource: ObjectResource): void {
    this.#buckets.get(resource.bucket)?.objects.delete(resource.name)
  }
}

/** Index of the first name that is not before `first`. */
function placeOf(first: string, names: readonly string[]): number {
  let [low, high] = [0, names.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareCodePoints(names[middle] ?? '', first) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Microseconds, as Google's generations look, and never twice the same. */
export function generationAfter(last: bigint): bigint {
  const now = BigInt(Date.now()) * 1000n
  return now > last ? now : last + 1n
}
