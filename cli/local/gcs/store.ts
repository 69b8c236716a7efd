import type { ObjectResource } from './resource.ts'

/**
 * Where the stand-in keeps buckets and objects. One generation of an object exists at a time, as in a bucket without
 * versioning. Calls that change something come one after another.
 */
export interface ObjectStore {
  bucketNames(): readonly string[]
  createBucket(bucket: string): Promise<void>
  removeBucket(bucket: string): Promise<void>
  /** In the order of the names' UTF-8 bytes; undefined: there is no such bucket. */
  objects(bucket: string): readonly ObjectResource[] | undefined
  find(bucket: string, name: string): ObjectResource | undefined
  content(resource: ObjectResource): Promise<Buffer>
  /** Greater than every generation before it. */
  nextGeneration(): Promise<string>
  put(resource: ObjectResource, content: Buffer): Promise<void>
  /** New metadata of the generation that is there. */
  update(resource: ObjectResource): Promise<void>
  remove(resource: ObjectResource): Promise<void>
}

/** Buckets and their objects' descriptions. */
export class ObjectIndex {
  readonly #buckets = new Map<string, Map<string, ObjectResource>>()

  bucketNames(): string[] {
    return [...this.#buckets.keys()].sort()
  }

  addBucket(bucket: string): void {
    if (!this.#buckets.has(bucket)) this.#buckets.set(bucket, new Map())
  }

  removeBucket(bucket: string): void {
    this.#buckets.delete(bucket)
  }

  objects(bucket: string): ObjectResource[] | undefined {
    const objects = this.#buckets.get(bucket)
    if (objects === undefined) return undefined
    return [...objects.values()].sort((a, b) => compareNames(a.name, b.name))
  }

  find(bucket: string, name: string): ObjectResource | undefined {
    return this.#buckets.get(bucket)?.get(name)
  }

  set(resource: ObjectResource): void {
    this.addBucket(resource.bucket)
    this.#buckets.get(resource.bucket)?.set(resource.name, resource)
  }

  remove(resource: ObjectResource): void {
    this.#buckets.get(resource.bucket)?.delete(resource.name)
  }
}

/** By UTF-8 bytes, which differs from JavaScript's order beyond the Basic Multilingual Plane. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Microseconds, as Google's generations look, and never twice the same. */
export function generationAfter(last: bigint): bigint {
  const now = BigInt(Date.now()) * 1000n
  return now > last ? now : last + 1n
}
