import { DATATYPES, type DatatypeRules } from './datatypes.ts'
import { readSchema } from './fields/schema.ts'
import { type FieldShape, type ObjectShape, type Range, type Shape, shapeOf } from './shape.ts'

type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * The JSON Schema (2020-12) of Felis, made from the tables that drive validation, for editors that complete and check
 * YAML while one types. It is a little stricter than Felis, which takes `'7'` for 7, and says nothing of what one file
 * cannot show: resources, references, names that are there twice, units and UCDs.
 */
export function makeJsonSchema(): JsonSchema {
  const definitions = new Map<string, JsonSchema>()
  const root = describe(shapeOf(readSchema), definitions)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Felis',
    description: 'A schema of astronomical tables, in Felis.',
    ...root,
    $defs: Object.fromEntries(definitions),
  }
}

function describe(shape: Shape, definitions: Map<string, JsonSchema>): JsonSchema {
  switch (shape.kind) {
    case 'text':
      return { type: 'string' }
    case 'boolean':
      return { type: 'boolean' }
    case 'scalar':
      return { type: ['string', 'number', 'boolean'] }
    case 'integer':
      return { type: 'integer', ...describeRange(shape.range) }
    case 'word':
      return { enum: shape.words }
    case 'nullable':
      return describeNullable(describe(shape.of, definitions))
    case 'either':
      return { anyOf: shape.of.map((one) => describe(one, definitions)) }
    case 'list':
      return {
        type: 'array',
        items: describe(shape.of, definitions),
        ...(shape.least > 0 ? { minItems: shape.least } : {}),
      }
    case 'mapping':
      return { type: 'object', additionalProperties: describe(shape.of, definitions) }
    case 'object':
      return refer(shape, definitions)
    case 'tagged':
      return describeTagged(shape.kinds, definitions)
  }
}

function describeRange({ above, least, most }: Range): JsonSchema {
  return {
    ...(above === undefined ? {} : { exclusiveMinimum: above }),
    ...(least === undefined ? {} : { minimum: least }),
    ...(most === undefined ? {} : { maximum: most }),
  }
}

function describeNullable(schema: JsonSchema): JsonSchema {
  if (Array.isArray(schema.enum)) return { ...schema, enum: [...schema.enum, null] }
  if (typeof schema.type === 'string') return { ...schema, type: [schema.type, 'null'] }
  if (Array.isArray(schema.type)) return { ...schema, type: [...schema.type, 'null'] }
  return { anyOf: [schema, { type: 'null' }] }
}

/** Each class is described once. */
function refer(shape: ObjectShape, definitions: Map<string, JsonSchema>): JsonSchema {
  const name = definitionName(shape)
  if (!definitions.has(name)) {
    // Its place is taken before its parts are described: a column group holds columns.
    definitions.set(name, {})
    definitions.set(name, describeObject(shape, definitions))
  }
  return { $ref: `#/$defs/${name}` }
}

/** `a column group` → `column-group`. */
export function definitionName({ noun }: ObjectShape): string {
  return noun.replace(/^an? /, '').toLowerCase().replaceAll(' ', '-')
}

function describeObject(shape: ObjectShape, definitions: Map<string, JsonSchema>): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  const required: string[] = []
  const alternatives: JsonSchema[] = []
  for (const field of Object.values(shape.fields)) {
    const { name, alias } = field
    const described = { ...describe(shapeOf(field.read), definitions), ...annotate(field) }
    properties[alias ?? name] = described
    // Felis takes its own names of fields as well, but nobody should have to choose.
    if (alias !== undefined) {
      properties[name] = { ...described, description: `Another name of \`${alias}\`.`, deprecated: true }
    }
    if ('initial' in field || name === 'id') continue
    if (alias === undefined) required.push(name)
    else alternatives.push({ anyOf: [{ required: [alias] }, { required: [name] }] })
  }
  const conditions = [...alternatives, ...(CONDITIONS[definitionName(shape)] ?? [])]
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    ...(shape.unknownKeys === 'refused' ? { additionalProperties: false } : {}),
    ...(conditions.length > 0 ? { allOf: conditions } : {}),
  }
}

function annotate({ meaning, initial }: FieldShape): JsonSchema {
  const isTold = initial !== null && typeof initial !== 'object' && initial !== undefined
  return { description: meaning, ...(isTold ? { default: initial } : {}) }
}

/** The tag decides which class it is, so that an editor complains about that one only. */
function describeTagged(kinds: Readonly<Record<string, Shape>>, definitions: Map<string, JsonSchema>): JsonSchema {
  const isKind = (tag: string, kind: string): JsonSchema => ({
    properties: { [tag]: { const: kind } },
    required: [tag],
  })
  const names = Object.keys(kinds)
  return {
    type: 'object',
    properties: { '@type': { enum: names }, type: { enum: names } },
    anyOf: [{ required: ['@type'] }, { required: ['type'] }],
    allOf: Object.entries(kinds).map(([kind, shape]) => ({
      if: { anyOf: [isKind('@type', kind), isKind('type', kind)] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema, in data that nobody awaits
      then: describe(shape, definitions),
    })),
  }
}

/** Rules about several fields of one object, as far as JSON Schema can say them. */
const CONDITIONS: Readonly<Record<string, readonly JsonSchema[]>> = {
  column: [
    whenDatatype((rules) => rules.sized, { required: ['length'], properties: { length: { type: 'integer' } } }),
    whenDatatype((rules) => rules.value === 'boolean', { properties: { value: { type: ['boolean', 'null'] } } }),
    whenDatatype((rules) => rules.value === 'integer', {
      properties: { value: { type: ['integer', 'boolean', 'null'] } },
    }),
    whenDatatype((rules) => rules.value === 'decimal', { properties: { value: { type: ['number', 'null'] } } }),
    whenDatatype((rules) => rules.value === 'text', {
      properties: { value: { type: ['string', 'null'], minLength: 1 } },
    }),
    when(
      { properties: { datatype: { not: { const: 'timestamp' } } } },
      { properties: { precision: { type: 'null' } } },
    ),
    when(given('fits:tunit'), { not: given('ivoa:unit') }),
    when(
      { properties: { autoincrement: { const: true } }, required: ['autoincrement'] },
      { properties: { value: { type: 'null' } } },
    ),
  ],
  index: [{ oneOf: [{ required: ['columns'] }, { required: ['expressions'] }] }],
  ...Object.fromEntries(
    ['check-constraint', 'foreignkey-constraint', 'unique-constraint'].map((name) => [
      name,
      [
        when(
          { properties: { initially: { type: 'string' } }, required: ['initially'] },
          { properties: { deferrable: { const: true } }, required: ['deferrable'] },
        ),
      ],
    ]),
  ),
}

function when(condition: JsonSchema, consequence: JsonSchema): JsonSchema {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema, in data that nobody awaits
  return { if: condition, then: consequence }
}

function given(key: string): JsonSchema {
  return { properties: { [key]: { type: 'string', minLength: 1 } }, required: [key] }
}

function whenDatatype(applies: (rules: DatatypeRules) => boolean, consequence: JsonSchema): JsonSchema {
  const names = Object.entries(DATATYPES).flatMap(([name, rules]) => (applies(rules) ? [name] : []))
  return when({ properties: { datatype: { enum: names } }, required: ['datatype'] }, consequence)
}
