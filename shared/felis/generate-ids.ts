import { isYamlList, isYamlMap, type YamlMap, type YamlValue } from '../yaml/values.ts'

/** What of a table gets an id of its own: the key of the list, and whether the table's name is part of the id. */
const IDENTIFIED: readonly { readonly key: string; readonly inTable: boolean }[] = [
  { key: 'columns', inTable: true },
  { key: 'columnGroups', inTable: true },
  { key: 'constraints', inTable: false },
  { key: 'indexes', inTable: false },
]

/** Of all ids together; those of columns repeat the name of their table. Releases have a hundredth of it. */
const MOST_CHARACTERS = 30_000_000

/**
 * Makes an `@id` for everything that has none: `#schema`, `#table`, `#table.column`, `#table.group`, `#constraint`,
 * `#index`. A mapping that is reached twice through an alias keeps the id of the first place, as in Felis. null:
 * the names are so long that the ids would fill the memory.
 */
export function generateIds(document: YamlMap): ReadonlyMap<YamlMap, string> | null {
  const ids = new Map<YamlMap, string>()
  let length = 0
  const generate = (item: YamlMap, prefix: string): void => {
    const name = item.get('name')
    // Without a name there is no id to make; the missing name is the reader's complaint.
    if (name === undefined || item.has('@id') || ids.has(item)) return
    const id = `#${prefix}${nameText(name)}`
    length += id.length
    ids.set(item, id)
  }
  // What aliases repeat has its ids already; to look through it again and again would take long.
  const seen = new Set<YamlValue>()
  const isNew = (value: YamlValue | undefined): boolean => value !== undefined && seen.size < seen.add(value).size
  generate(document, '')
  for (const table of mappingsOf(document.get('tables'))) {
    if (!isNew(table)) continue
    generate(table, '')
    const prefix = `${nameText(table.get('name'))}.`
    for (const { key, inTable } of IDENTIFIED) {
      const list = table.get(key)
      if (!isNew(list)) continue
      for (const item of mappingsOf(list)) generate(item, inTable ? prefix : '')
      if (length > MOST_CHARACTERS) return null
    }
  }
  return ids
}

/** Names are taken as they were written, before white space is trimmed. */
function nameText(name: YamlValue | undefined): string {
  return typeof name === 'string' ? name : String(name ?? '')
}

function mappingsOf(value: YamlValue | undefined): readonly YamlMap[] {
  return value !== undefined && isYamlList(value) ? value.filter(isYamlMap) : []
}
