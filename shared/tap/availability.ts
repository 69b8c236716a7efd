import { XmlWriter } from '../xml/writer.ts'

export interface Availability {
  readonly available: boolean
  /** ISO 8601, UTC. */
  readonly upSince?: string
  readonly notes?: readonly string[]
}

/** A VOSI availability document (VOSI 1.1 §2.2). */
export function formatAvailability({ available, upSince, notes = [] }: Availability): string {
  const xml = new XmlWriter()
  xml.open('availability', { xmlns: 'http://www.ivoa.net/xml/VOSIAvailability/v1.0' })
  xml.element('available', {}, available).textElement('upSince', upSince)
  for (const note of notes) xml.element('note', {}, note)
  return xml.close().take()
}
