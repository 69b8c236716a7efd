/** What the IVOA registry is told: the `ivoaRegistry` members of a Repertoire configuration. */

export interface RegistryEntry {
  /** An `ivo://` URI. */
  readonly ivoid: string
  readonly created: Date
  readonly title: string
  readonly description: string
  readonly docsUrl: string | null
  readonly subjects: readonly string[]
  readonly facilities: readonly string[]
  readonly instruments: readonly string[]
}

export type DatasetEntry = RegistryEntry

/** Of a data service. */
export type ServiceEntry = GmsEntry | SodaEntry | SiaEntry | TapEntry

export interface GmsEntry extends RegistryEntry {
  readonly ivoaServiceType: 'gms'
}

export interface SodaEntry extends RegistryEntry {
  readonly ivoaServiceType: 'soda'
}

export interface SiaEntry {
  readonly ivoaServiceType: 'sia'
  /** By dataset. */
  readonly records: ReadonlyMap<string, RegistryEntry>
}

export interface TapEntry extends RegistryEntry {
  readonly ivoaServiceType: 'tap'
  readonly adqlVersion: string
  readonly uploadSupported: boolean
  readonly additionalOutputFormats: readonly { readonly mime: string; readonly alias: readonly string[] }[]
  readonly datasets: ReadonlyMap<string, RegistryEntry>
}

/** The publishing registry itself. */
export interface RegistryConfig {
  readonly adminEmail: string
  /** An `ivo://` URI. */
  readonly authority: string
  readonly ivoid: string
  readonly created: Date
  readonly creator: string
  readonly rights: string
  readonly rightsUri: string | null
  readonly repositoryName: string
  readonly shortName: string | null
  readonly organisation: {
    readonly created: Date
    readonly description: string
    readonly homepage: string
    readonly ivoid: string
    readonly title: string
  }
  readonly subjects: readonly string[]
  readonly facilities: readonly string[]
  /** Of its endpoint. */
  readonly path: string
}
