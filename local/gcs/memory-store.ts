import { IndexedStore } from './indexed-store.ts'
import type { ObjectResource } from './resource.ts'
import { generationAfter, ObjectIndex, type ObjectStore } from './store.ts'

/** Keeps everything in memory. */
export class MemoryStore extends IndexedStore implements ObjectStore {
  readonly #contents = new Map<string, Buffer>()
  #generation = 0n

  constructor() {
    super(new ObjectIndex())
  }

  async createBucket(bucket: string): Promise<void> {
    this.index.addBucket(bucket)
  }

  async removeBucket(bucket: string): Promise<void> {
    this.index.removeBucket(bucket)
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
    const replaced = this.index.find(resource.bucket, resource.name)
    this.#contents.set(resource.generation, content)
    this.index.set(resource)
    if (replaced !== undefined) this.#contents.delete(replaced.generation)
  }

  async update(resource: ObjectResource): Promise<void> {
    this.index.set(resource)
  }

  async remove(resource: ObjectResource): Promise<void> {
    this.index.remove(resource)
    this.#contents.delete(resource.generation)
  }
}
