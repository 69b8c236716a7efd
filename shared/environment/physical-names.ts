import { mapOf } from './collections.ts'
import type { Report } from './report.ts'
import { type Found, optional, sectionAs } from './sections.ts'
import { oneOf, type Shape, text } from './shapes.ts'

/** How the names of TAP_SCHEMA become names of the database. */
export interface PhysicalNames {
  /**
   * `lower`: a name without quotes in TAP_SCHEMA is in lower case, as PostgreSQL takes names without quotes; a delimited
   * one is as it is. `exact`: all are as they are.
   */
  readonly rule: 'lower' | 'exact'
  /** What has another name, by the `nameKey` of its name in TAP_SCHEMA. */
  readonly schemas: ReadonlyMap<string, string>
  readonly tables: ReadonlyMap<string, { readonly schema?: string; readonly name: string }>
  /** By table and column. */
  readonly columns: ReadonlyMap<string, string>
}

const PART = `(?:"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)`
const PARTS = new RegExp(PART, 'g')
const UP_TO_THREE = new RegExp(String.raw`^${PART}(?:\.${PART}){0,2}$`)

/** The same for all ways to write one name of TAP_SCHEMA: names without quotes compare without case (ADQL §2.1.3). */
export function nameKey(name: string): string {
  const parts = name.match(PARTS) ?? []
  return parts.map((part) => (part.startsWith('"') ? part : part.toLowerCase())).join('.')
}

/** PostgreSQL keeps a name in lower case unless it was written in double quotes (SQL syntax, "Identifiers"). */
function physicalName(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase()
}

const MAX_NAME_BYTES = 63

function complaintAboutName(name: string): string | null {
  if (!UP_TO_THREE.test(name)) {
    return 'is not a name: expected SCHEMA, SCHEMA.TABLE or SCHEMA.TABLE.COLUMN, parts with other characters in double quotes'
  }
  return null
}

function complaintAboutPhysicalName(name: string): string | null {
  const complaint = complaintAboutName(name)
  if (complaint !== null) return complaint
  const long = (name.match(PARTS) ?? []).some((part) => Buffer.byteLength(physicalName(part)) > MAX_NAME_BYTES)
  return long ? `has a part that is longer than the ${MAX_NAME_BYTES} bytes of a name in PostgreSQL` : null
}

const exceptions = mapOf(text(complaintAboutPhysicalName), complaintAboutName)

const KEYS = {
  case: optional(
    oneOf('lower', 'exact'),
    'lower' as const,
    'What the database calls `dp1.Object` of TAP_SCHEMA: `dp1.object`, or exactly that. Names in double quotes are always exact.',
  ),
  exceptions: optional(
    exceptions,
    new Map<string, string>(),
    "TAP_SCHEMA's name of a schema, table or column (`dp1`, `dp1.Object`, `dp1.Object.ra`) → what the database calls it (`dp1_2025`; `object_v2` or `public.object_v2`; `coord_ra`). The latter as in SQL: lower case unless in double quotes.",
  ),
}

export const PHYSICAL_NAMES: Shape<PhysicalNames> = sectionAs(KEYS, readNames)

function readNames(found: Found<typeof KEYS>, report: Report): PhysicalNames | undefined {
  const given = found.whole()
  if (given === undefined) return undefined
  const schemas = new Map<string, string>()
  const tables = new Map<string, { readonly schema?: string; readonly name: string }>()
  const columns = new Map<string, string>()
  for (const [name, physical] of given.exceptions) {
    const place = { ...found.placeOf('exceptions'), path: `${found.placeOf('exceptions').path}.${name}` }
    const key = nameKey(name)
    const depth = name.match(PARTS)?.length ?? 0
    const [first = '', second, third] = (physical.match(PARTS) ?? []).map(physicalName)
    if ([schemas, tables, columns].some((map) => map.has(key))) {
      report.error('conflict', place, `${name} is listed twice: names without double quotes compare without case`)
    } else if (third !== undefined || (second !== undefined && depth !== 2)) {
      const right = depth === 2 ? 'TABLE or SCHEMA.TABLE' : 'one name'
      report.error('invalid_value', place, `${JSON.stringify(physical)} has too many parts: expected ${right}`)
    } else if (depth === 1) schemas.set(key, first)
    else if (depth === 3) columns.set(key, first)
    else tables.set(key, second === undefined ? { name: first } : { schema: first, name: second })
  }
  return { rule: given.case, schemas, tables, columns }
}
