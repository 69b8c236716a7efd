import type { ObjectResource } from './resource.ts'
import type { BucketSettings, ObjectIndex, ObjectStore } from './store.ts'

type Lookups = 'bucketNames' | 'settings' | 'configure' | 'objects' | 'objectsFrom' | 'find'

/** The part of a store that only looks into its index, wherever the contents are. */
export class IndexedStore implements Pick<ObjectStore, Lookups> {
  protected readonly index: ObjectIndex

  constructor(index: ObjectIndex) {
    this.index = index
  }

  bucketNames(): readonly string[] {
    return this.index.bucketNames()
  }

  settings(bucket: string): BucketSettings | undefined {
    return this.index.settings(bucket)
  }

  configure(bucket: string, settings: BucketSettings): void {
    this.index.configure(bucket, settings)
  }

  objects(bucket: string): readonly ObjectResource[] | undefined {
    return this.index.objects(bucket)
  }

  objectsFrom(bucket: string, first: string): Iterable<ObjectResource> {
    return this.index.objectsFrom(bucket, first)
  }

  find(bucket: string, name: string): ObjectResource | undefined {
    return this.index.find(bucket, name)
  }
}
