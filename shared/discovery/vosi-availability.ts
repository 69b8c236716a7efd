import { escapeXml } from '../xml/characters.ts'

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
