import { constants, openAsBlob } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import { withFileErrors } from '../terminal/file-error.ts'

export interface TapQuery {
  /** Of the service, without `/sync`. */
  readonly url: string
  readonly adql: string
  /** Value of RESPONSEFORMAT. */
  readonly format: string
  readonly maxRec: number | undefined
  /** Tables that are sent along, by their names in TAP_UPLOAD. */
  readonly uploads: ReadonlyMap<string, string>
  readonly token: string | undefined
}

/**
 * The form of a query (TAP 1.1 §2.7).
 *
 * @param more parameters beside those of the query
 * @throws UsageError for files that cannot be read
 */
export async function writeForm(
  { adql, format, maxRec, uploads }: TapQuery,
  more: readonly (readonly [string, string])[] = [],
): Promise<FormData | URLSearchParams> {
  const parameters = [
    ['REQUEST', 'doQuery'],
    ['LANG', 'ADQL'],
    ['RESPONSEFORMAT', format],
    // Services of TAP 1.0 know it by this name.
    ['FORMAT', format],
    ...(maxRec === undefined ? [] : [['MAXREC', String(maxRec)]]),
    ['QUERY', adql],
    ...more,
  ]
  if (uploads.size === 0) return new URLSearchParams(parameters.map(([name = '', value = '']) => [name, value]))
  const form = new FormData()
  for (const [name = '', value = ''] of parameters) form.append(name, value)
  const names = [...uploads.keys()]
  form.append('UPLOAD', names.map((name, index) => `${name},param:table${index}`).join(';'))
  for (const [index, path] of [...uploads.values()].entries()) {
    const content = await withFileErrors(path, async () => {
      // Says what is wrong with a path; `openAsBlob` does not.
      await access(path, constants.R_OK)
      return openAsBlob(path, { type: mediaTypeOf(path) })
    })
    form.append(`table${index}`, content, basename(path))
  }
  return form
}

const MEDIA_TYPES: Readonly<Record<string, string>> = { csv: 'text/csv', tsv: 'text/tab-separated-values' }

/** Of a table in a file, by the ending of its name. */
export function mediaTypeOf(path: string): string {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
  return MEDIA_TYPES[ending] ?? 'application/x-votable+xml'
}
