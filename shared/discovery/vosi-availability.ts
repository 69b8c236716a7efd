export interface Availability {
  readonly available: boolean
  /** ISO 8601, UTC. */
  readonly upSince?: string
  readonly notes?: readonly string[]
}

/** A VOSI availability document (VOSI 1.1 §2.2). */
export function formatAvailability({ available, upSince, notes = [] }: Availability): string {
  const children = [
    `  <available>${available}</available>`,
    ...(upSince === undefined ? [] : [`  <upSince>${escapeXml(upSince)}</upSince>`]),
    ...notes.map((note) => `  <note>${escapeXml(note)}</note>`),
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>
<availability xmlns="http://www.ivoa.net/xml/VOSIAvailability/v1.0">
${children.join('\n')}
</availability>
`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no place for most control characters, not even escaped. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}
