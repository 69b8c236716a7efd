import type { Coverage } from '../environment/registry.ts'
import type { Place } from '../environment/report.ts'
import type { SlotRows } from '../tap/slot-rows.ts'
import type { XmlWriter } from '../xml/writer.ts'

/** What records are about, in words for operators. */
export type RecordKind =
  | 'registry'
  | 'authority'
  | 'organisation'
  | 'tap'
  | 'sia'
  | 'soda'
  | 'datalink'
  | 'hips'
  | 'hips-survey'
  | 'gms'
  | 'catalogue'
  | 'images'
  | 'obscore'
  | 'own'

/** Writes a part of a record. */
export type WritePart = (xml: XmlWriter) => void

/** Terms of http://www.ivoa.net/rdf/voresource/relationship_type. */
export interface Relationship {
  readonly type: 'IsServedBy' | 'IsServiceFor' | 'IsPartOf' | 'IsDerivedFrom'
  readonly ivoid: string
  readonly title: string
}

/** A resource of the Virtual Observatory as a registry describes it (VOResource 1.2, VODataService 1.2). */
export interface RegistryRecord {
  readonly kind: RecordKind
  /** `xsi:type`, with the usual prefix: consumers match it as text. */
  readonly type: string
  /** Where the environment file speaks of it. */
  readonly place: Place
  readonly ivoid: string
  readonly title: string
  readonly shortName: string | null
  /** Without `doi:`. */
  readonly doi: string | null
  readonly created: Date
  readonly publisher: { readonly ivoid: string; readonly title: string; readonly email: string }
  readonly creators: readonly string[]
  readonly issued: Date | null
  readonly version: string | null
  readonly subjects: readonly string[]
  readonly description: string
  readonly referenceUrl: string
  /** A term of http://www.ivoa.net/rdf/voresource/content_type. */
  readonly contentType: string
  readonly contentLevel: 'Research' | 'General'
  readonly relationships: readonly Relationship[]
  readonly rights: { readonly text: string; readonly uri: string | null } | null
  readonly capabilities: readonly WritePart[]
  readonly facilities: readonly string[]
  readonly instruments: readonly string[]
  readonly coverage: Coverage | null
  /** null: it has no tables, or they are not known. */
  readonly tables: SlotRows | null
  /** What its type has behind all that. */
  readonly end: WritePart | null
  /** Of a record that somebody wrote as XML: all of it, without the date of its last change. */
  readonly source: string | null
}
