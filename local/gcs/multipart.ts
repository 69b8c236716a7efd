import { invalid } from './failures.ts'

export interface Part {
  readonly contentType: string | null
  readonly content: Buffer
}

/** Splits a multipart/related body (RFC 2387) as "Upload objects: multipart" has it: JSON metadata, then the content. */
export function splitMultipart(body: Buffer, contentType: string | undefined): readonly [Part, Part] {
  const boundary = /^multipart\/(?:related|mixed);.*?\bboundary="?([^";]+)/i.exec(contentType ?? '')?.[1]
  if (boundary === undefined) throw invalid('A multipart upload needs a multipart/related body with a boundary.')
  const separator = `--${boundary}`
  const parts: Part[] = []
  let at = body.indexOf(separator)
  while (at >= 0) {
    const start = at + separator.length
    if (body.subarray(start, start + 2).toString() === '--') break
    const next = body.indexOf(`\r\n${separator}`, start)
    if (next < 0) throw invalid('Malformed multipart body: the closing boundary is missing.')
    parts.push(readPart(body.subarray(start, next)))
    at = next + 2
  }
  const [metadata, content] = parts
  if (metadata === undefined || content === undefined || parts.length !== 2) {
    throw invalid(`Multipart uploads have two parts; ${parts.length} found.`)
  }
  return [metadata, content]
}

/** From after the boundary to before the line break that belongs to the next one. */
function readPart(part: Buffer): Part {
  const gap = part.indexOf('\r\n\r\n')
  if (gap < 0) throw invalid('Malformed multipart body: a part has no headers.')
  const header = /^content-type:\s*(.+?)\s*$/im.exec(part.subarray(0, gap).toString())
  return { contentType: header?.[1] ?? null, content: part.subarray(gap + 4) }
}
