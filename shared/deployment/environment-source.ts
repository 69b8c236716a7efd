import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { EnvironmentError } from '../environment/environment-error.ts'
import type { Logger } from '../platform/log/log.ts'

/** What an environment file holds now, and by what a later one is told from it. */
export interface EnvironmentText {
  readonly content: Uint8Array
  /** The generation of an object; of a file, the beginning of its SHA-256. */
  readonly version: string
}

/** Where an environment file lies: on disk, also as a mounted secret, or as an object of a bucket. */
export interface EnvironmentSource {
  readonly name: string
  /** Something that changes with the content, and costs little to look at. */
  readMark(): Promise<string>
  /** @throws EnvironmentError */
  read(): Promise<EnvironmentText>
}

/** The file that is meant where nobody names one: that of the function which is being put together. */
export const environmentPath = new AsyncLocalStorage<string>()

const OBJECT = /^gs:\/\/([^/]+)\/(.+)$/
/** Far more than any environment needs. */
const MOST_BYTES = 8 * 1024 * 1024

/** @param name a path, or `gs://BUCKET/OBJECT` */
export function openEnvironmentSource(name: string, logger: Logger): EnvironmentSource {
  const [, bucket, object] = OBJECT.exec(name) ?? []
  return bucket === undefined || object === undefined ? fileSource(name) : objectSource(name, bucket, object, logger)
}

function fileSource(path: string): EnvironmentSource {
  return {
    name: path,
    async readMark() {
      // A mounted secret is a link that leads somewhere else when it changes.
      const { mtimeMs, size, ino } = await stat(path)
      return `${mtimeMs} ${size} ${ino}`
    },
    async read() {
      const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
        const reason = REASONS.get(error.code ?? '') ?? `cannot be read (${error.code})`
        throw new EnvironmentError(`the environment file ${path} ${reason}`, [], error)
      })
      return { content, version: createHash('sha256').update(content).digest('hex').slice(0, 12) }
    },
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist'],
  ['EACCES', 'may not be read'],
  ['EISDIR', 'is a directory'],
])

function objectSource(name: string, bucketName: string, object: string, logger: Logger): EnvironmentSource {
  const open = async () => {
    const { openBucket } = await import('../platform/storage/objects.ts')
    const apiEndpoint = process.env.ALMAGEST_STORAGE_ENDPOINT ?? null
    return openBucket({ bucket: bucketName, apiEndpoint: apiEndpoint === '' ? null : apiEndpoint }, { logger })
  }
  const absent = () => new EnvironmentError(`the environment file ${name} does not exist`)
  return {
    name,
    async readMark() {
      const found = await (await open()).stat(object)
      if (found === undefined) throw absent()
      return found.generation
    },
    async read() {
      const found = await (await open()).read(object, { maxBytes: MOST_BYTES })
      if (found === undefined) throw absent()
      return { content: found.content, version: found.object.generation }
    },
  }
}
