import type { ResultColumn } from '../adql/resolved.ts'
import type { Field } from '../votable/field.ts'

/**
 * The FIELDs of a result. Names that come twice get a number, in their order; a name that is unique and can be an XML
 * name is the FIELD's ID too, for references to it.
 */
export function fieldsOf(columns: readonly ResultColumn[]): readonly Field[] {
  const counts = new Map<string, number>()
  for (const { name } of columns) counts.set(name, (counts.get(name) ?? 0) + 1)
  const taken = new Set(counts.keys())
  const seen = new Set<string>()
  return columns.map(({ name, type, unit, ucd, utype, description }) => {
    const isFirst = !seen.has(name)
    seen.add(name)
    const unique = isFirst ? name : nextFree(name, taken)
    taken.add(unique)
    const { datatype, arraysize, xtype } = type
    return {
      name: unique,
      datatype,
      ...(arraysize === undefined ? {} : { arraysize }),
      ...(xtype === undefined ? {} : { xtype }),
      ...(unit === undefined ? {} : { unit }),
      ...(ucd === undefined ? {} : { ucd }),
      ...(utype === undefined ? {} : { utype }),
      ...(description === undefined ? {} : { description }),
      ...(counts.get(name) === 1 && NCNAME.test(name) ? { id: name } : {}),
    }
  })
}

/** `ra` → `ra_2`, or the next number that is free. */
function nextFree(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2; ; number++) {
    const candidate = `${name}_${number}`
    if (!taken.has(candidate)) return candidate
  }
}

/** Those of the XML names without a colon that need no look into Unicode's tables (Namespaces in XML §3). */
const NCNAME = /^[A-Za-z_][\w.-]*$/
