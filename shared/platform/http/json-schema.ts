import type { JsonSchema } from './route.ts'

/** An object with exactly these members; those of `optional` may be absent. */
export function object(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  return { ...openObject(properties, optional), additionalProperties: false }
}

/** An object with at least these members: others may be added in time. */
export function openObject(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', ...(required.length === 0 ? {} : { required }), properties }
}

/** A mapping from names of the site's own choice. */
export function mapping(values: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: values }
}

/** One of the schemas that are described by name. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

export function nullable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] }
}

export function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}

export const TEXT = { type: 'string' } as const
export const TEXT_OR_NULL = { type: ['string', 'null'] } as const
export const COUNT = { type: 'integer', minimum: 0 } as const
export const TIME = { type: 'string', format: 'date-time' } as const
