import { Failure } from '../failure.ts'
import type { Upload } from '../query/upload.ts'
import { readTable } from '../votable/read-table.ts'
import { UploadError } from '../votable/upload-error.ts'

/** What the parameter UPLOAD says of one table. */
export interface UploadReference {
  readonly name: string
  readonly source: { readonly kind: 'part'; readonly part: string } | { readonly kind: 'url'; readonly url: string }
}

/** What a request has besides: the parts of its form. */
export interface UploadForm {
  readonly pairs: readonly (readonly [name: string, value: string])[]
  readonly files: ReadonlyMap<string, { readonly content: Uint8Array; readonly contentType: string | null }>
}

/** Gets what lies at a URL; throws a Failure whose message is for the user. */
export type FetchUpload = (
  url: string,
  options: { readonly maxBytes: number; readonly signal?: AbortSignal },
) => Promise<{ readonly contentType: string | null; readonly content: AsyncIterable<Uint8Array> }>

export interface UploadLimits {
  /** Tables that a query may have. */
  readonly tables: number
  /** Rows and bytes of each. */
  readonly rows: number
  readonly bytes: number
}

/** As many as a row of numbers can have in PostgreSQL, whose rows of fixed length fit into a page of 8 KiB. */
const MAX_COLUMNS = 900
const MAX_NAME_LENGTH = 128

/** Where the next table begins in a list: names, a comma, and what a URI of ours begins with. */
const NEXT = /;(?=[^;,]*,\s*(?:param|https?|ftp|file|gs|vos|data)\s*:)/i

/**
 * The tables that the values of UPLOAD name (TAP 1.1 §2.7.2.1): `name,URI`, several with `;` between or in several values.
 *
 * @throws UploadError
 */
export function parseUploads(values: readonly string[]): readonly UploadReference[] {
  const references: UploadReference[] = []
  const names = new Set<string>()
  for (const entry of values.flatMap((value) => value.split(NEXT)).map((entry) => entry.trim().replace(/;$/, ''))) {
    if (entry === '') continue
    const reference = parseEntry(entry)
    const key = reference.name.toLowerCase()
    if (names.has(key)) throw fault(`two tables of UPLOAD are called ${JSON.stringify(reference.name)}`)
    names.add(key)
    references.push(reference)
  }
  return references
}

function parseEntry(entry: string): UploadReference {
  const [, name = '', uri = ''] = /^([^,]*),(.*)$/s.exec(entry)?.map((part) => part.trim()) ?? []
  if (uri === '')
    throw fault(`${shown(entry)} in UPLOAD is not a name, a comma and a URI, such as mytable,param:mytable`)
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name) || name.length > MAX_NAME_LENGTH) {
    const hint = /^tap_upload\./i.test(name) ? '; leave out TAP_UPLOAD, which is added by itself' : ''
    throw fault(
      `${shown(name)} in UPLOAD cannot be the name of a table: it must be a letter with letters, digits and _ behind it, ${MAX_NAME_LENGTH} at most${hint}`,
    )
  }
  const part = /^param:([^;,]+)$/i.exec(uri)?.[1]?.trim()
  if (part !== undefined) return { name, source: { kind: 'part', part } }
  if (/^https?:\/\//i.test(uri)) return { name, source: { kind: 'url', url: uri } }
  throw fault(`the table ${JSON.stringify(name)} of UPLOAD is at ${shown(uri)}; possible are param:, http: and https:`)
}

/**
 * Opens the tables of a query, each read as far as its columns; the rest is read when they are loaded. Close them where
 * they are not.
 *
 * @throws UploadError
 */
export async function openUploads(
  references: readonly UploadReference[],
  form: UploadForm,
  options: { readonly limits: UploadLimits; readonly fetch: FetchUpload; readonly signal?: AbortSignal },
): Promise<readonly Upload[]> {
  const { tables } = options.limits
  if (references.length > tables) {
    const most = tables === 0 ? 'This service takes no uploaded tables' : `This service takes ${tables} uploaded tables`
    throw new UploadError('upload_too_large', `${most} with a query; this one has ${references.length}.`)
  }
  const opened: Upload[] = []
  try {
    for (const { name, source } of references) {
      const { contentType, content } = await openSource(name, source, form, options)
      const limits = { rows: options.limits.rows, bytes: options.limits.bytes, columns: MAX_COLUMNS }
      opened.push({ name, table: await readTable(content, { name, contentType, limits }) })
    }
  } catch (error) {
    await Promise.all(opened.map(({ table }) => table.close()))
    throw error
  }
  return opened
}

async function openSource(
  name: string,
  source: UploadReference['source'],
  form: UploadForm,
  {
    limits,
    fetch,
    signal,
  }: { readonly limits: UploadLimits; readonly fetch: FetchUpload; readonly signal?: AbortSignal },
): Promise<Awaited<ReturnType<FetchUpload>>> {
  if (source.kind === 'part') return findPart(name, source.part, form)
  const explain = (error: unknown) =>
    error instanceof Failure && !(error instanceof UploadError)
      ? new UploadError(
          'upload_unreachable',
          `The uploaded table ${JSON.stringify(name)} cannot be fetched from ${shown(source.url)}: ${error.message}.`,
          error,
        )
      : error
  try {
    const { contentType, content } = await fetch(source.url, {
      maxBytes: limits.bytes,
      ...(signal === undefined ? {} : { signal }),
    })
    return { contentType, content: explained(content, explain) }
  } catch (error) {
    throw explain(error)
  }
}

async function* explained(content: AsyncIterable<Uint8Array>, explain: (error: unknown) => unknown) {
  try {
    yield* content
  } catch (error) {
    throw explain(error)
  }
}

/** A part of the form by its name; parameters' names have no case, so it need not be exact. */
function findPart(name: string, part: string, { pairs, files }: UploadForm): Awaited<ReturnType<FetchUpload>> {
  const isIt = (found: string) => found === part
  const isNearly = (found: string) => found.toLowerCase() === part.toLowerCase()
  for (const matches of [isIt, isNearly]) {
    const file = [...files].find(([found]) => matches(found))?.[1]
    if (file !== undefined) return { contentType: file.contentType, content: once(file.content) }
    const text = pairs.find(([found]) => matches(found))?.[1]
    if (text !== undefined) return { contentType: null, content: once(Buffer.from(text)) }
  }
  const known = [...files.keys()].map((found) => JSON.stringify(found)).join(', ')
  const there = known === '' ? 'the request has no files; it must be multipart/form-data' : `the files are ${known}`
  throw fault(
    `the table ${JSON.stringify(name)} of UPLOAD is in a part called ${shown(part)}, which the request does not have: ${there}`,
  )
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}

function fault(message: string): UploadError {
  return new UploadError('upload_parameter', `${message[0]?.toUpperCase()}${message.slice(1)}.`)
}

function shown(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 80).toWellFormed()}…`)
}
