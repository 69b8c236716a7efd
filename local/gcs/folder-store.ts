import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { IndexedStore } from './indexed-store.ts'
import { isBucketName, type ObjectResource } from './resource.ts'
import { generationAfter, ObjectIndex, type ObjectStore } from './store.ts'

/**
 * Opens a store that keeps buckets in a folder, made when it is not there. Objects, metadata and the last generation
 * survive a restart and a crash: each file is written beside its place and renamed into it.
 *
 * An object's name can be longer than a file name and can hold anything, so its files are named by a digest of it:
 * `<bucket>/<digest>.json` describes the object, `<bucket>/<digest>.<generation>` holds it. The description decides
 * which content counts. The folder belongs to the store: files that are copied into it are not noticed.
 */
export async function openFolderStore(folder: string): Promise<ObjectStore> {
  await mkdir(folder, { recursive: true })
  const index = new ObjectIndex()
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries) {
    if (entry.isDirectory() && isBucketName(entry.name)) await readBucket(folder, entry.name, index)
  }
  return new FolderStore(folder, index, await lastGeneration(folder, index))
}

const GENERATION_FILE = 'last-generation'

class FolderStore extends IndexedStore implements ObjectStore {
  readonly #folder: string
  #generation: bigint

  constructor(folder: string, index: ObjectIndex, generation: bigint) {
    super(index)
    this.#folder = folder
    this.#generation = generation
  }

  async createBucket(bucket: string): Promise<void> {
    await mkdir(join(this.#folder, bucket), { recursive: true })
    this.index.addBucket(bucket)
  }

  async removeBucket(bucket: string): Promise<void> {
    await rmdir(join(this.#folder, bucket))
    this.index.removeBucket(bucket)
  }

  content(resource: ObjectResource): Promise<Buffer> {
    return readFile(this.#contentFile(resource))
  }

  async nextGeneration(): Promise<string> {
    this.#generation = generationAfter(this.#generation)
    await replaceFile(join(this.#folder, GENERATION_FILE), String(this.#generation))
    return String(this.#generation)
  }

  async put(resource: ObjectResource, content: Buffer): Promise<void> {
    const replaced = this.index.find(resource.bucket, resource.name)
    await replaceFile(this.#contentFile(resource), content)
    await this.update(resource)
    if (replaced !== undefined) await rm(this.#contentFile(replaced), { force: true })
  }

  async update(resource: ObjectResource): Promise<void> {
    await replaceFile(this.#descriptionFile(resource), JSON.stringify(resource, null, 2))
    this.index.set(resource)
  }

  async remove(resource: ObjectResource): Promise<void> {
    await rm(this.#descriptionFile(resource))
    this.index.remove(resource)
    await rm(this.#contentFile(resource), { force: true })
  }

  #descriptionFile(resource: ObjectResource): string {
    return join(this.#folder, resource.bucket, `${digest(resource.name)}.json`)
  }

  #contentFile(resource: ObjectResource): string {
    return join(this.#folder, resource.bucket, contentName(resource))
  }
}

/** Indexes the objects of a bucket and removes what a crash left behind. */
async function readBucket(folder: string, bucket: string, index: ObjectIndex): Promise<void> {
  index.addBucket(bucket)
  const path = join(folder, bucket)
  const files = await readdir(path)
  const present = new Set(files)
  const kept = new Set<string>()
  for (const file of files.filter((name) => /^[0-9a-f]{64}\.json$/.test(name))) {
    const resource: ObjectResource = JSON.parse(await readFile(join(path, file), 'utf8'))
    if (!present.has(contentName(resource))) {
      throw new Error(`the bucket folder ${path} is damaged: the content of ${resource.name} is missing`)
    }
    index.set(resource)
    kept.add(file).add(contentName(resource))
  }
  for (const file of files) {
    const leftover = /^[0-9a-f]{64}\.\d+$/.test(file) || file.endsWith(UNFINISHED)
    if (leftover && !kept.has(file)) await rm(join(path, file))
  }
}

async function lastGeneration(folder: string, index: ObjectIndex): Promise<bigint> {
  const text = await readFile(join(folder, GENERATION_FILE), 'utf8').catch(() => '0')
  let last = /^\d+$/.test(text) ? BigInt(text) : 0n
  for (const bucket of index.bucketNames()) {
    for (const { generation } of index.objects(bucket) ?? []) if (BigInt(generation) > last) last = BigInt(generation)
  }
  return last
}

const UNFINISHED = '.unfinished'

/** All of the file or nothing: the bytes are on the disk before the name is. */
async function replaceFile(path: string, content: string | Buffer): Promise<void> {
  const unfinished = `${path}${UNFINISHED}`
  const file = await open(unfinished, 'w')
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(unfinished, path)
}

function digest(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}

function contentName(resource: ObjectResource): string {
  return `${digest(resource.name)}.${resource.generation}`
}
