import { XmlCursor, XmlError } from './cursor.ts'

/** Prefix → namespace, in an element and what it contains. */
export type Prefixes = ReadonlyMap<string, string>

interface Attribute {
  readonly offset: number
  readonly value: string
}

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'

export const NO_PREFIXES: Prefixes = new Map([['xml', XML]])

/**
 * Checks the names of an element and its attributes and says which prefixes are known inside it (Namespaces in XML 1.0
 * §3, §5, §6.3). Throws XmlError.
 */
export function checkNames(
  element: string,
  offset: number,
  attributes: ReadonlyMap<string, Attribute>,
  outer: Prefixes,
): Prefixes {
  const prefixes = declarePrefixes(attributes, outer)
  namespaceOf(element, offset, prefixes)
  const seen = new Set<string>()
  for (const [name, attribute] of attributes) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue
    const namespace = namespaceOf(name, attribute.offset, prefixes)
    if (namespace === null) continue
    const whole = `${namespace} ${name.slice(name.indexOf(':') + 1)}`
    if (seen.has(whole))
      throw new XmlError(attribute.offset, `<${element}> has the attribute ${name} twice, by its namespace`)
    seen.add(whole)
  }
  return prefixes
}

function declarePrefixes(attributes: ReadonlyMap<string, Attribute>, outer: Prefixes): Prefixes {
  let prefixes: Map<string, string> | null = null
  for (const [name, { offset, value }] of attributes) {
    if (!name.startsWith('xmlns:')) continue
    const prefix = name.slice('xmlns:'.length)
    const isSound =
      prefix !== '' &&
      !prefix.includes(':') &&
      prefix !== 'xmlns' &&
      value !== '' &&
      value !== XMLNS &&
      (prefix === 'xml') === (value === XML)
    if (!isSound) throw new XmlError(offset, `${name}="${value}" cannot declare a namespace`)
    prefixes ??= new Map(outer)
    prefixes.set(prefix, value)
  }
  return prefixes ?? outer
}

/** null: the name has no prefix. */
function namespaceOf(name: string, offset: number, prefixes: Prefixes): string | null {
  const [prefix = '', local, ...more] = name.split(':')
  if (local === undefined) return null
  if (prefix === '' || !XmlCursor.isName(local) || more.length > 0)
    throw new XmlError(offset, `${name} is not a name with a prefix`)
  const namespace = prefixes.get(prefix)
  if (namespace === undefined) throw new XmlError(offset, `the prefix ${prefix}: of ${name} is not declared`)
  return namespace
}
