import { asMapping, type Complaint, describeNode, join, rowsBelow, type Shape, valueUnder } from './shapes.ts'

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return listOfDistinct(shape, () => null)
}

/** A list in which nothing may occur twice; `keyOf` says what of an item that is, for the message too. */
export function uniqueListOf<T>(shape: Shape<T>, keyOf: (value: T) => string = String): Shape<readonly T[]> {
  return listOfDistinct(shape, keyOf)
}

function listOfDistinct<T>(shape: Shape<T>, keyOf: (value: T) => string | null): Shape<readonly T[]> {
  const type = `list of ${plural(shape.type)}`
  return {
    type,
    rows: (prefix) => rowsBelow(shape, `${prefix}[]`),
    read: (node, path, report) => {
      if (node.kind !== 'sequence') {
        report.error('wrong_type', { path, at: node.at }, `must be a ${type}, not ${describeNode(node)}`)
        return undefined
      }
      const values: T[] = []
      const keys = new Set<string>()
      for (const [index, item] of node.items.entries()) {
        const value = shape.read(item, join(path, String(index)), report)
        if (value === undefined) continue
        const key = keyOf(value)
        values.push(value)
        if (key !== null && keys.has(key)) {
          const place = { path: join(path, String(index)), at: item.at }
          report.error('duplicate_item', place, `${JSON.stringify(key)} is in the list already`)
        }
        if (key !== null) keys.add(key)
      }
      return values.length === node.items.length ? values : undefined
    },
  }
}

/** `remedy` says what an empty list lacks. */
export function notEmpty<T>(list: Shape<readonly T[]>, remedy: string): Shape<readonly T[]> {
  return {
    ...list,
    read: (node, path, report) => {
      const values = list.read(node, path, report)
      if (values?.length !== 0) return values
      report.error('missing_key', { path, at: node.at }, `is empty: ${remedy}`)
      return undefined
    },
  }
}

/** A list, or one item without the brackets. */
export function oneOrMore<T>(item: Shape<T>, list: Shape<readonly T[]>): Shape<readonly T[]> {
  return {
    ...list,
    type: `${item.type} or ${list.type}`,
    read: (node, path, report) => {
      if (node.kind !== 'scalar') return list.read(node, path, report)
      const value = item.read(node, path, report)
      return value === undefined ? undefined : [value]
    },
  }
}

/** A mapping whose keys are names. */
export function mapOf<T>(shape: Shape<T>, complaintAboutName?: Complaint): Shape<ReadonlyMap<string, T>> {
  return {
    type: `named ${plural(shape.type)}`,
    rows: (prefix) => rowsBelow(shape, `${prefix}.NAME`),
    read: (node, path, report) => {
      const mapping = asMapping(node, path, report)
      if (mapping === undefined) return undefined
      const values = new Map<string, T>()
      let whole = true
      for (const [name, entry] of mapping.entries) {
        const complaint = complaintAboutName?.(name) ?? null
        if (complaint !== null) {
          const place = { path: join(path, name), at: entry.at }
          report.error('invalid_value', place, `${JSON.stringify(name)} ${complaint}`)
        }
        const value = shape.read(valueUnder(entry), join(path, name), report)
        if (value !== undefined) values.set(name, value)
        whole &&= value !== undefined
      }
      return whole ? values : undefined
    },
  }
}

/** `list of texts` → `lists of texts`. */
function plural(type: string): string {
  return type.startsWith('list of ') ? type.replace('list', 'lists') : `${type}s`.replace(/ys$/, 'ies')
}
