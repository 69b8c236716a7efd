import type { File, FileMetadata, Bucket as RemoteBucket } from '@google-cloud/storage'
import { lazily } from '../../lazily.ts'
import type {
  BucketDescription,
  ListedObject,
  ObjectPage,
  ObjectRange,
  RemoveOutcome,
  StoredObject,
} from '../../stored-objects.ts'
import { withDeadline } from '../deadline.ts'
import { isGeneration } from '../generation.ts'
import type { Logger } from '../log/log.ts'
import { type RetryPolicy, retry } from '../retry.ts'
import { type BucketConfig, connectBucket } from './connect-bucket.ts'
import { crc32c } from './crc32c.ts'
import { download, passOn } from './download.ts'
import {
  isProtected,
  LISTED_FIELDS,
  type Listing,
  readInteger,
  readListed,
  readListing,
  readServerTime,
  readSettings,
  SETTINGS_FIELDS,
} from './listed-objects.ts'
import {
  DamagedAnswerError,
  explainStorage,
  isMissingBucket,
  isRetryable,
  ObjectNameError,
  PreconditionError,
  SigningError,
  StorageError,
  statusOf,
  TooLargeError,
} from './storage-failures.ts'
import { ContentError, type UploadOptions, upload, withFirst } from './upload.ts'

export interface BucketOptions {
  readonly logger?: Logger
  readonly retry?: Partial<RetryPolicy>
  /** How long one request, or a silence within a download, may last. */
  readonly timeoutMs?: number
  /** Hears of each attempt that failed and is made again. */
  readonly onRetry?: () => void
}

/** A bucket of Cloud Storage. Everything throws StorageError when the store does not answer, also after retries. */
export interface Bucket {
  /** The newest generation, or the given one; undefined: there is no such object or generation. */
  stat(name: string, generation?: string): Promise<StoredObject | undefined>
  /**
   * The content, verified against the object's crc32c; undefined: there is no such object or generation.
   *
   * @throws TooLargeError beyond `maxBytes`
   */
  read(
    name: string,
    options: { readonly generation?: string; readonly maxBytes: number },
  ): Promise<{ readonly object: StoredObject; readonly content: Buffer } | undefined>
  /** Objects whose names begin with `prefix`, in the order of their names. */
  list(prefix: string): AsyncGenerator<StoredObject>
  /** One request: up to 1,000 objects in the order of their names' UTF-8 bytes; without a token the first ones. */
  page(range: ObjectRange, pageToken?: string | null): Promise<ObjectPage>
  describe(): Promise<BucketDescription>
  /**
   * Writes an object over the given generation, '0' for one that must not exist yet.
   *
   * @throws PreconditionError, ObjectNameError
   */
  save(name: string, content: Uint8Array, options: SaveOptions): Promise<StoredObject>
  /**
   * Writes an object as its bytes come, in flat memory, over the given generation. It is tried once, for the bytes come
   * once; what fails leaves no object.
   *
   * @throws what `chunks` throws; PreconditionError, ObjectNameError
   */
  write(
    name: string,
    chunks: AsyncIterable<Uint8Array>,
    options: Omit<UploadOptions, 'timeoutMs'>,
  ): Promise<StoredObject>
  /** The bytes of exactly this object, verified at their end; undefined: it is gone. */
  stream(name: string, generation: string): Promise<AsyncIterable<Uint8Array> | undefined>
  /**
   * An address under which everybody who has it can read exactly this object for so many seconds; a V4 signed URL. The
   * object is not looked at.
   *
   * @throws SigningError
   */
  signUrl(name: string, generation: string, seconds: number): Promise<string>
  /** Deletes exactly this generation; `replaced`: another one is there and is kept. */
  remove(name: string, generation: string): Promise<Exclude<RemoveOutcome, 'protected'>>
  /** Deletes exactly this generation with exactly this metadata. */
  removeListed(object: Pick<ListedObject, 'name' | 'generation' | 'metageneration'>): Promise<RemoveOutcome>
}

export interface SaveOptions {
  readonly ifGenerationMatch: string
  readonly contentType?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/**
 * Opens a bucket. The storage client is loaded at the first call, so that a function that never reads the bucket does
 * not wait for it at its start; a bucket that does not exist shows at the first call too.
 *
 * The client's own retries stay off: in 8.4 a retried download ends the process with an uncaught error, and a save
 * without precondition switches them off for good (platform.md §1). Every call here is idempotent, by a pinned
 * generation or a precondition, and is retried by us.
 */
export function openBucket(config: BucketConfig, options: BucketOptions = {}): Bucket {
  return new CloudBucket(config, options)
}

const RETRY: Omit<RetryPolicy, 'isRetryable'> = { attempts: 5, baseDelayMs: 200, maxDelayMs: 3_000, totalMs: 60_000 }
const PAGE_SIZE = 1000
/** So many in a row are no longer what mass deletions leave behind. */
const EMPTY_PAGES = 1000
/** An upload may take this much longer for its size: 100 kB/s. */
const BYTES_PER_MS = 100
/** An object that is overwritten while it is read is read again, this often. */
const READ_ROUNDS = 5

class CloudBucket implements Bucket {
  readonly #config: BucketConfig
  readonly #options: BucketOptions
  readonly #timeoutMs: number
  readonly #open: () => Promise<RemoteBucket>

  constructor(config: BucketConfig, options: BucketOptions) {
    this.#config = config
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? 15_000
    this.#open = lazily(() => connectBucket(config))
  }

  async stat(name: string, generation?: string): Promise<StoredObject | undefined> {
    if (!canExist(name, generation)) return undefined
    const remote = await this.#open()
    const request = { uri: `/o/${encodeURIComponent(name)}`, qs: generation === undefined ? {} : { generation } }
    return this.#call('look up', name, () =>
      unlessAbsent(async () => this.#describe((await remote.request(request))[0] as FileMetadata)),
    )
  }

  async read(
    name: string,
    { generation, maxBytes }: { readonly generation?: string; readonly maxBytes: number },
  ): Promise<{ readonly object: StoredObject; readonly content: Buffer } | undefined> {
    for (let round = 1; round <= READ_ROUNDS; round++) {
      const object = await this.stat(name, generation)
      if (object === undefined) return undefined
      if (object.size > maxBytes) throw new TooLargeError(this.#where(name), object.size, maxBytes)
      const file = await this.#file(name, object.generation)
      const content = await this.#attempt('read', name, () =>
        unlessAbsent(() => download(file, object, this.#timeoutMs)),
      )
      if (content !== undefined) return { object, content }
      if (generation !== undefined) return undefined
    }
    throw new StorageError(`${this.#where(name)} was overwritten each of the ${READ_ROUNDS} times it was being read`)
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const read = (item: FileMetadata) => this.#describe(item)
    let pageToken: string | null = null
    let empty = 0
    do {
      const page: Listing<StoredObject> = await this.#list({ prefix }, pageToken, read)
      yield* page.items
      pageToken = page.nextPageToken
      empty = page.items.length === 0 ? empty + 1 : 0
      if (empty > EMPTY_PAGES) throw new StorageError(`the listing of ${this.#where(prefix)}* does not end`)
    } while (pageToken !== null)
  }

  async page(range: ObjectRange, pageToken: string | null = null): Promise<ObjectPage> {
    const { items, nextPageToken } = await this.#list({ ...range, fields: LISTED_FIELDS }, pageToken, readListed)
    return { objects: items, nextPageToken }
  }

  /** One page. Not by the client's `getFiles`: an empty answer would end the process with an error of its own. */
  async #list<T>(
    query: ObjectRange & { readonly fields?: string },
    pageToken: string | null,
    read: (item: FileMetadata) => T,
  ): Promise<Listing<T>> {
    const remote = await this.#open()
    const qs = { ...query, maxResults: PAGE_SIZE, ...(pageToken !== null && { pageToken }) }
    return this.#call('list', `${query.prefix ?? ''}*`, async () => {
      const [body] = await remote.request({ uri: '/o', qs })
      const listing = readListing(body, read)
      if (pageToken === null || listing.nextPageToken !== pageToken) return listing
      throw new DamagedAnswerError('the page names itself as the next one')
    })
  }

  async describe(): Promise<BucketDescription> {
    const remote = await this.#open()
    return this.#call('describe', '', async () => {
      try {
        const [metadata, answer] = await remote.getMetadata({ fields: SETTINGS_FIELDS })
        return { serverTime: readServerTime(answer), settings: readSettings(metadata) }
      } catch (error) {
        if (statusOf(error) !== 403 || !(error instanceof Error) || !('response' in error)) throw error
        return { serverTime: readServerTime(error.response), settings: null }
      }
    })
  }

  async save(name: string, content: Uint8Array, options: SaveOptions): Promise<StoredObject> {
    if (!canExist(name)) throw new ObjectNameError(name)
    const { ifGenerationMatch, contentType, metadata } = options
    const checksum = crc32c(content)
    const file = await this.#file(name)
    const write = async (attempt: number) => {
      try {
        await file.save(Buffer.from(content), {
          resumable: false,
          // The store compares the checksum before the object becomes visible; the client would delete it afterwards.
          validation: false,
          preconditionOpts: { ifGenerationMatch },
          metadata: { crc32c: checksum, ...(contentType && { contentType }), ...(metadata && { metadata }) },
        })
        return this.#describe(file.metadata)
      } catch (error) {
        if (statusOf(error) !== 412) throw error
        // An earlier attempt may have written it, and only its answer got lost.
        const found = attempt === 1 ? undefined : await this.stat(name)
        if (found?.crc32c === checksum && found.size === content.length) return found
        throw new PreconditionError(this.#where(name), ifGenerationMatch, error)
      }
    }
    return this.#call('write', name, write, this.#timeoutMs + content.length / BYTES_PER_MS)
  }

  async write(
    name: string,
    chunks: AsyncIterable<Uint8Array>,
    options: Omit<UploadOptions, 'timeoutMs'>,
  ): Promise<StoredObject> {
    if (!canExist(name)) throw new ObjectNameError(name)
    const content = await withFirst(chunks)
    if (content === null) return this.save(name, new Uint8Array(), options)
    const file = await this.#file(name)
    const uploaded = await upload(file, content, { ...options, timeoutMs: this.#timeoutMs }).catch((error: unknown) => {
      if (error instanceof ContentError) throw error.cause
      if (statusOf(error) === 412) throw new PreconditionError(this.#where(name), options.ifGenerationMatch, error)
      throw explainStorage('write', this.#where(name), error)
    })
    const object = this.#describe(uploaded.metadata)
    if (object.size === uploaded.bytes && object.crc32c === uploaded.crc32c) return object
    await this.remove(name, object.generation)
    throw new StorageError(`${this.#where(name)} was damaged on its way: it is deleted`)
  }

  async stream(name: string, generation: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const object = await this.stat(name, generation)
    return object === undefined ? undefined : passOn(await this.#file(name, generation), object, this.#timeoutMs)
  }

  async signUrl(name: string, generation: string, seconds: number): Promise<string> {
    const file = await this.#file(name)
    const sign = file.getSignedUrl({
      ...{ version: 'v4', action: 'read', expires: Date.now() + seconds * 1000 },
      queryParams: { generation },
    })
    const expired = () => new Error(`no answer came within ${this.#timeoutMs / 1000} s`)
    const [url] = await withDeadline(sign, this.#timeoutMs, expired).catch((error: unknown) => {
      throw new SigningError(this.#where(name), error)
    })
    return url
  }

  async remove(name: string, generation: string): Promise<Exclude<RemoveOutcome, 'protected'>> {
    if (!canExist(name, generation)) return 'absent'
    return this.#remove(name, { ifGenerationMatch: generation })
  }

  async removeListed(object: Pick<ListedObject, 'name' | 'generation' | 'metageneration'>): Promise<RemoveOutcome> {
    const { name, generation, metageneration } = object
    const conditions = { ifGenerationMatch: generation, ifMetagenerationMatch: metageneration }
    try {
      return await this.#remove(name, conditions)
    } catch (error) {
      if (isProtected(error)) return 'protected'
      throw error
    }
  }

  async #remove(name: string, conditions: object): Promise<Exclude<RemoveOutcome, 'protected'>> {
    const remote = await this.#open()
    const uri = `/o/${encodeURIComponent(name)}`
    const outcome = await this.#call('delete', name, () =>
      unlessAbsent(async () => {
        try {
          // Not by `file.delete`: there are many deletions, and a File for each costs a tenth of a request's time.
          await remote.request({ method: 'DELETE', uri, qs: conditions })
          return 'removed' as const
        } catch (error) {
          if (statusOf(error) === 412) return 'not this one' as const
          throw error
        }
      }),
    )
    if (outcome !== 'not this one') return outcome ?? 'absent'
    return (await this.stat(name)) === undefined ? 'absent' : 'replaced'
  }

  async #file(name: string, generation?: string): Promise<File> {
    const remote = await this.#open()
    const file = remote.file(name)
    // Not by its constructor, which makes a number of it and loses digits.
    return generation === undefined ? file : Object.assign(file, { generation })
  }

  /** One request, with a deadline: the client has none. */
  #call<T>(
    operation: string,
    name: string,
    call: (attempt: number) => Promise<T>,
    timeoutMs: number = this.#timeoutMs,
  ): Promise<T> {
    const expired = () => new DamagedAnswerError(`no answer came within ${timeoutMs / 1000} s`)
    return this.#attempt(operation, name, (attempt) => withDeadline(call(attempt), timeoutMs, expired))
  }

  async #attempt<T>(operation: string, name: string, call: (attempt: number) => Promise<T>): Promise<T> {
    const where = this.#where(name)
    const onRetry: RetryPolicy['onRetry'] = (error, attempt) => {
      this.#options.onRetry?.()
      this.#options.logger?.warning(`${operation} ${where}: attempt ${attempt} failed, trying again`, { error })
    }
    try {
      return await retry(call, { ...RETRY, isRetryable, onRetry, ...this.#options.retry })
    } catch (error) {
      throw explainStorage(operation, where, error)
    }
  }

  #where(name: string): string {
    return `gs://${this.#config.bucket}/${name}`
  }

  #describe(metadata: FileMetadata): StoredObject {
    const { name, generation, size, timeCreated } = metadata
    if (name === undefined || generation === undefined || size === undefined || timeCreated === undefined) {
      throw new DamagedAnswerError('the description of the object is incomplete')
    }
    return {
      bucket: this.#config.bucket,
      name,
      generation: readInteger(generation),
      size: Number(readInteger(size)),
      crc32c: metadata.crc32c ?? null,
      timeCreated,
      contentType: metadata.contentType ?? null,
      metadata: Object.fromEntries(Object.entries(metadata.metadata ?? {}).map(([key, value]) => [key, String(value)])),
    }
  }
}

/** Whether the store can have such an object at all. */
function canExist(name: string, generation?: string): boolean {
  const bytes = Buffer.byteLength(name)
  const isName = bytes > 0 && bytes <= 1024 && name.isWellFormed() && !/[\r\n\0]/.test(name) && !/^\.{1,2}$/.test(name)
  return isName && (generation === undefined || isGeneration(generation))
}

/** undefined for a missing object or generation; a missing bucket is an error. */
async function unlessAbsent<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call()
  } catch (error) {
    if (statusOf(error) === 404 && !isMissingBucket(error)) return undefined
    throw error
  }
}
