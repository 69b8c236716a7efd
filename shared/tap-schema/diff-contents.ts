import { type Cell, type Contents, ITEM_KINDS, type ItemKind } from './contents.ts'

export interface FieldChange {
  readonly from: Cell
  readonly to: Cell
  readonly breaking: boolean
}

export interface Change {
  readonly kind: ItemKind
  /** renamed: a key with another `key_id`; anything else in other upper and lower case. */
  readonly change: 'added' | 'removed' | 'changed' | 'renamed'
  /** `dp1`, `dp1.Object`, `dp1.Object.coord_ra`, or a key's `key_id`. */
  readonly name: string
  /** For `renamed`. */
  readonly formerName?: string
  /** Whether a query that works today can fail, or mean something else, afterwards. */
  readonly breaking: boolean
  /** What is different, for `changed` and `renamed`. */
  readonly fields?: Readonly<Record<string, FieldChange>>
}

/** When another value of a field is breaking; a field that is not listed only describes. */
type FieldRules = Readonly<Record<string, (from: Cell, to: Cell) => boolean>>

/**
 * What is breaking, in the sense of `Change`. No query names a foreign key, so none can fail for what becomes of it. A
 * query may name all else in double quotes, where upper and lower case count (ADQL §2.1.2), so a rename is breaking.
 */
const BREAKING: Readonly<Record<ItemKind, { readonly gone: boolean; readonly fields: FieldRules }>> = {
  schema: { gone: true, fields: {} },
  table: { gone: true, fields: {} },
  column: {
    gone: true,
    fields: {
      datatype: () => true,
      arraysize: (from, to) => shapeOf(from) !== shapeOf(to),
      xtype: () => true,
      // Where no unit was given, none is taken away.
      unit: (from) => !isNone(from),
    },
  },
  key: { gone: false, fields: {} },
}

/** An array of any length is read in the same way, however long it can be at most. */
function shapeOf(arraysize: Cell): Cell {
  return typeof arraysize === 'string' ? arraysize.replace(/\d+\*$/, '*') : arraysize
}

function isNone(cell: Cell): boolean {
  return cell === null || cell === ''
}

/** What is different, schemas first, then tables, columns and keys; within a kind by name. */
export function diffContents(from: Contents, to: Contents): readonly Change[] {
  const parents = new Map<string, string>()
  return ITEM_KINDS.flatMap((kind) => {
    const formerNames = pairRenamed(kind, from[kind], to[kind])
    const taken = new Set(formerNames.values())
    const names = [...new Set([...from[kind].keys(), ...to[kind].keys()])].filter((name) => !taken.has(name)).sort()
    const kept = new Set([...from[kind].keys()].filter((name) => to[kind].has(name)).map(caseless))
    const changes = names.flatMap((name) => {
      const formerName = formerNames.get(name) ?? name
      const before = from[kind].get(formerName)
      const after = to[kind].get(name)
      // Beside a name that differs in case only, the old name without quotes is ambiguous.
      if (before === undefined) {
        return [{ kind, change: 'added', name, breaking: kind !== 'key' && kept.has(caseless(name)) } as const]
      }
      if (after === undefined) return [{ kind, change: 'removed', name, breaking: BREAKING[kind].gone } as const]
      const isOwn = formerName !== name && !isOfParent(formerName, name, parents)
      return compareItem(kind, name, before, after, isOwn ? formerName : undefined)
    })
    for (const [name, formerName] of formerNames) parents.set(formerName, name)
    return changes
  })
}

type Fields = Readonly<Record<string, Cell>>
type Items = ReadonlyMap<string, Fields>

/** Names → what the same things are called on the other side. */
type Renames = ReadonlyMap<string, string>

function compareItem(kind: ItemKind, name: string, from: Fields, to: Fields, formerName: string | undefined): Change[] {
  const fields: Record<string, FieldChange> = {}
  for (const [field, before] of Object.entries(from)) {
    const after = to[field] ?? null
    if (before === after) continue
    fields[field] = { from: before, to: after, breaking: BREAKING[kind].fields[field]?.(before, after) ?? false }
  }
  const isChanged = Object.keys(fields).length > 0
  const breaking = Object.values(fields).some((field) => field.breaking)
  const details = isChanged ? { fields } : {}
  if (formerName !== undefined) {
    return [{ kind, change: 'renamed', name, formerName, breaking: breaking || BREAKING[kind].gone, ...details }]
  }
  return isChanged ? [{ kind, change: 'changed', name, breaking, ...details }] : []
}

/** Finds what is only called otherwise, among what is not there any more and what is new: new names → former ones. */
function pairRenamed(kind: ItemKind, from: Items, to: Items): Renames {
  const identity = (name: string, fields: Fields): string => (kind === 'key' ? keyIdentity(fields) : caseless(name))
  const gone = [...from].filter(([name]) => !to.has(name)).sort(byName)
  const candidates = Map.groupBy(gone, ([name, fields]) => identity(name, fields))
  const pairs = new Map<string, string>()
  for (const [name, fields] of [...to].filter(([added]) => !from.has(added)).sort(byName)) {
    const former = candidates.get(identity(name, fields))?.shift()
    if (former !== undefined) pairs.set(name, former[0])
  }
  return pairs
}

function byName([a]: readonly [string, Fields], [b]: readonly [string, Fields]): number {
  return a < b ? -1 : 1
}

/** What a key is, apart from what it is called. */
function keyIdentity({ from_table, target_table, columns }: Fields): string {
  return caseless([from_table, target_table, columns].join('\0'))
}

function caseless(name: string): string {
  return name.toLowerCase()
}

/** Whether two names differ because the schema or the table that they begin with is called otherwise: former → new. */
function isOfParent(formerName: string, name: string, parents: Renames): boolean {
  for (let end = formerName.lastIndexOf('.'); end > 0; end = formerName.lastIndexOf('.', end - 1)) {
    const parent = parents.get(formerName.slice(0, end))
    if (parent !== undefined && name === parent + formerName.slice(end)) return true
  }
  return false
}
