/** What is kept of the provider's published schema: the blocks that are used, with their arguments. */
export interface ProviderSchema {
  readonly provider: string
  readonly version: string
  readonly blocks: Readonly<Record<BlockName, BlockSchema>>
}

/** `resource.google_storage_bucket` or `data.google_project`. */
export type BlockName = `${'resource' | 'data'}.${string}`

export interface BlockSchema {
  readonly arguments: Readonly<Record<string, ArgumentSchema>>
  /** What it tells after it was made, beside its arguments. */
  readonly attributes?: readonly string[]
}

export interface ArgumentSchema {
  readonly type: 'string' | 'number' | 'bool' | 'map' | 'list' | 'block'
  readonly required?: true
  /** Of a block: whether there may be several. */
  readonly many?: true
  readonly block?: BlockSchema
}
