export type ListVerb = 'ListIdentifiers' | 'ListRecords'
export type Prefix = 'ivo_vor' | 'oai_dc'

/** What a list is to hold. `from` and `until` are as they were given; both count. */
export interface Selection {
  readonly prefix: Prefix
  readonly set: string | null
  readonly from: string | null
  readonly until: string | null
}
