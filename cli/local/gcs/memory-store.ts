import type { ObjectResource } from './resource.ts'
import { type BucketSettings, generationAfter, ObjectIndex, type ObjectStore } from './store.ts'

/** Keeps everything in memory. */
export class MemoryStore implements ObjectStore {
  readonly #index = new ObjectIndex()
  readonly #contents = new Map<string, Buffer>()
  #generation = 0n

  bucketNames(): readonly string[] {
    return this.#index.bucketNames()
  }

  async createBucket(bucket: string): Promise<void> {
    this.#index.addBucket(bucket)
  }

  async removeBucket(bucket: string): Promise<void> {
    this.#index.removeBucket(bucket)
  }

  objects(bucket: string): readonly ObjectResource[] | undefined {
    return this.#index.objects(bucket)
  }

  objectsFrom(bucket: string, first: string): Iterable<ObjectResource> {
    return this.#index.objectsFrom(bucket, first)
  }

  settings(bucket: string): BucketSettings | undefined {
    return this.#index.settings(bucket)
  }

  configure(bucket: string, settings: BucketSettings): void {
    this.#index.configure(bucket, settings)
  }

  find(bucket: string, name: string): ObjectResource | undefined {
    return this.#index.find(bucket, name)
  }

  async content(resource: ObjectResource): Promise<Buffer> {
    const content = this.#contents.get(resource.generation)
    if (content === undefined) throw new Error(`generation ${resource.generation} has no content`)
    return content
  }

  async nextGeneration(): Promise<string> {
    this.#generation = generationAfter(this.#generation)
    return String(this.#generation)
  }

  async put(resource: ObjectResource, content: Buffer): Promise<void> {
    const replaced = this.#index.find(resource.bucket, resource.name)
    this.#contents.set(resource.generation, content)
    this.#index.set(resource)
    if (replaced !== undefined) this.#contents.delete(replaced.generation)
  }

  async update(resource: ObjectResource): Promise<void> {
    this.#index.set(resource)
  }

  async remove(resource: ObjectResource): Promise<void> {
    this.#index.remove(resource)
    this.#contents.delete(resource.generation)
  }
}
