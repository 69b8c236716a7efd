import type { ArgumentSchema, BlockSchema, ProviderSchema } from '../schema.ts'

/** A schema as the plugin protocol has it. */
export interface SchemaMessage {
  readonly version: 0
  readonly block: BlockMessage
}

interface BlockMessage {
  readonly attributes: readonly AttributeMessage[]
  readonly block_types: readonly object[]
}

interface AttributeMessage {
  readonly name: string
  readonly type: Buffer
  readonly required?: boolean
  readonly optional?: boolean
  readonly computed?: boolean
  readonly write_only?: boolean
}

export interface SchemasMessage {
  readonly provider: SchemaMessage
  readonly resource_schemas: Readonly<Record<string, SchemaMessage>>
  readonly data_source_schemas: Readonly<Record<string, SchemaMessage>>
  readonly ephemeral_resource_schemas: Readonly<Record<string, SchemaMessage>>
}

type PlainType = Exclude<ArgumentSchema['type'], 'block'>

/** Types as JSON; elements of lists and maps are texts, which Terraform makes of everything that it can. */
const TYPES: Readonly<Record<PlainType, unknown>> = {
  string: 'string',
  number: 'number',
  bool: 'bool',
  map: ['map', 'string'],
  list: ['list', 'string'],
}

/** What a stand-in says that its provider has: for google what is kept of its schema, for the others what is used. */
export function schemasOf(provider: string, google: ProviderSchema): SchemasMessage {
  const none = { provider: message([]), resource_schemas: {}, data_source_schemas: {}, ephemeral_resource_schemas: {} }
  switch (provider) {
    case 'google':
      return {
        ...none,
        provider: message([optional('project'), optional('region')]),
        resource_schemas: blocksOf('resource', google),
        data_source_schemas: blocksOf('data', google),
      }
    case 'archive': {
      const source = { attributes: [required('filename'), required('content')], block_types: [] }
      const blocks = [{ type_name: 'source', nesting: 'SET', block: source }]
      const attributes = [
        required('type'),
        required('output_path'),
        optional('source_dir'),
        optional('excludes', 'list'),
        optional('output_file_mode'),
      ]
      return { ...none, data_source_schemas: { archive_file: message(attributes, blocks) } }
    }
    case 'random': {
      const attributes = [required('length', 'number'), optional('special', 'bool'), computed('result')]
      return { ...none, ephemeral_resource_schemas: { random_password: message(attributes) } }
    }
    default:
      throw new Error(`there is no stand-in for ${provider}`)
  }
}

function blocksOf(kind: 'resource' | 'data', { blocks }: ProviderSchema): Record<string, SchemaMessage> {
  const found = Object.entries(blocks).filter(([name]) => name.startsWith(`${kind}.`))
  return Object.fromEntries(
    found.map(([name, block]) => {
      const { attributes, block_types } = describeBlock(block)
      const told = (block.attributes ?? []).filter((attribute) => !NOT_TOLD.test(attribute))
      return [name.slice(kind.length + 1), message([...attributes, ...told.map(computed)], block_types)]
    }),
  )
}

/** What every block has for the tool that the schema was taken from, and Terraform does not know. */
const NOT_TOLD =
  /^(fqn|friendly_unique_id|terraform_\w+|raw_overrides|cdktn_stack|cdktf_stack|for_each|count|depends_on|lifecycle|provider|connection|provisioners)$/

function describeBlock(block: BlockSchema): BlockMessage {
  const all = Object.entries(block.arguments)
  return {
    attributes: all.flatMap(([name, { type, required: must }]) =>
      type === 'block' ? [] : [must === true ? required(name, type) : settable(name, type)],
    ),
    block_types: all.flatMap(([name, argument]) => (argument.type === 'block' ? [describeNested(name, argument)] : [])),
  }
}

function describeNested(name: string, { block, many, required: must }: ArgumentSchema): object {
  return {
    type_name: name,
    nesting: 'LIST',
    block: describeBlock(block ?? { arguments: {} }),
    min_items: must === true ? 1 : 0,
    max_items: many === true ? 0 : 1,
  }
}

function message(attributes: readonly AttributeMessage[], block_types: readonly object[] = []): SchemaMessage {
  return { version: 0, block: { attributes, block_types } }
}

function attribute(name: string, type: PlainType): { name: string; type: Buffer } {
  return { name, type: Buffer.from(JSON.stringify(TYPES[type])) }
}

function required(name: string, type: PlainType = 'string'): AttributeMessage {
  return { ...attribute(name, type), required: true }
}

function optional(name: string, type: PlainType = 'string'): AttributeMessage {
  return { ...attribute(name, type), optional: true }
}

/** What is left out may be filled in by Google; what is only written never comes back. */
function settable(name: string, type: PlainType): AttributeMessage {
  const back = name.endsWith('_wo') ? { write_only: true } : { computed: true }
  return { ...optional(name, type), ...back }
}

function computed(name: string): AttributeMessage {
  return { ...attribute(name, 'string'), computed: true }
}
