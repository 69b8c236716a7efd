/**
 * An object of these members, in their order: JavaScript by itself puts names that are array indices (`"2"`, `"10"`)
 * before all others. Of two members of one name the later one counts, in the place of the first.
 */
export function inOrder<V>(entries: Iterable<readonly [string, V]>): Readonly<Record<string, V>> {
  const members = new Map(entries)
  const plain = Object.fromEntries(members)
  const names = [...members.keys()]
  return names.some(isIndex) ? new Proxy(plain, { ownKeys: () => names }) : plain
}

/** ECMA-262 §6.1.7: the canonical text of an integer up to 2³² - 2; larger numbers count too, which does no harm. */
function isIndex(name: string): boolean {
  return /^(?:0|[1-9]\d{0,9})$/.test(name)
}
