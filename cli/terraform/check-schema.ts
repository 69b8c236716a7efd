import {
  type Block,
  type Body,
  bodiesOf,
  isExpression,
  isList,
  type Module,
  nameOf,
  type Value,
} from './configuration.ts'
import type { ArgumentSchema, BlockName, BlockSchema, ProviderSchema } from './schema.ts'

/** Arguments that Terraform itself understands in every block. */
const META = ['depends_on', 'count', 'for_each', 'lifecycle', 'provider', 'provisioner', 'connection', 'dynamic']

/**
 * Compares every `google_*` block with the provider's schema: names of arguments and blocks, what is required, what may
 * occur once, and the types of values that are written out.
 *
 * @returns a sentence for each thing that is wrong
 */
export function checkSchema(modules: readonly Module[], schema: ProviderSchema): string[] {
  return modules.flatMap(({ blocks }) => blocks).flatMap((block) => checkBlock(block, schema))
}

function checkBlock(block: Block, schema: ProviderSchema): string[] {
  const { kind, labels, body } = block
  const [type = ''] = labels
  if ((kind !== 'resource' && kind !== 'data') || !type.startsWith('google_')) return []
  const name: BlockName = `${kind}.${type}`
  const known = schema.blocks[name]
  if (known === undefined) return [`${nameOf(block)}: the schema has no ${name}; see cli/terraform/extract-schema.ts`]
  return checkBody(nameOf(block), body, known)
}

function checkBody(where: string, body: Body, schema: BlockSchema): string[] {
  const dynamic = Object.fromEntries(
    bodiesOf(body.dynamic).flatMap((named) =>
      Object.entries(named).map(([name, blocks]) => [
        name,
        bodiesOf(blocks).flatMap(({ content }) => bodiesOf(content)),
      ]),
    ),
  )
  const given = Object.entries({ ...body, ...dynamic }).filter(([name]) => !META.includes(name))
  const names = new Set(given.map(([name]) => name))
  return [
    ...given.flatMap(([name, value]) => {
      const argument = schema.arguments[name]
      return argument === undefined
        ? [`${where}: unknown argument ${name}`]
        : checkArgument(`${where}.${name}`, value, argument)
    }),
    ...Object.entries(schema.arguments)
      .filter(([name, { required }]) => required === true && !names.has(name))
      .map(([name]) => `${where}: missing required ${name}`),
  ]
}

function checkArgument(where: string, value: Value, argument: ArgumentSchema): string[] {
  if (argument.type !== 'block') return checkType(where, value, argument.type)
  const bodies = bodiesOf(value)
  const { block } = argument
  return [
    ...(typeof value === 'object' && value !== null ? [] : [`${where}: is a block, not a value`]),
    ...(argument.many !== true && bodies.length > 1 ? [`${where}: may occur once`] : []),
    ...(block === undefined ? [] : bodies.flatMap((body) => checkBody(where, body, block))),
  ]
}

function checkType(where: string, value: Value, type: Exclude<ArgumentSchema['type'], 'block'>): string[] {
  if (value === null || isExpression(value)) return []
  const found = isList(value) ? 'list' : typeof value === 'object' ? 'map' : typeof value
  return FITS[type].includes(found) ? [] : [`${where}: is a ${type}, not a ${found}`]
}

/** What Terraform takes for each type, converting where it does. */
const FITS: Readonly<Record<Exclude<ArgumentSchema['type'], 'block'>, readonly string[]>> = {
  string: ['string', 'number', 'boolean'],
  number: ['number'],
  bool: ['boolean'],
  list: ['list'],
  map: ['map'],
}
