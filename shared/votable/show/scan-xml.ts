/** A piece of an XML document. Text may come in several pieces. */
export type XmlToken =
  | { readonly kind: 'open'; readonly name: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: 'close'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string }

const TAG = /<(\/?)([^\s/>"'=]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>/y
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g
const ENTITY = /&(?:#(\d+)|#x([0-9a-f]+)|(lt|gt|amp|quot|apos));/gi
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** What is skipped: its beginning and its end. Entities of a document type are never read. */
const SKIPPED: readonly (readonly [start: string, end: string])[] = [
  ['<!--', '-->'],
  ['<?', '?>'],
  ['<!', '>'],
]
const CDATA = '<![CDATA['

/**
 * Takes XML apart piece by piece, as it arrives. It reads what well-formed documents mean and checks nothing: what a
 * service has sent is to be shown, not judged. Names are without their prefixes. Unlike a validating parser it gives
 * text at once, however long it goes on, so that a table in one element needs no memory.
 */
export class XmlScanner {
  #rest = '';

  *push(text: string): Generator<XmlToken, void, undefined> {
    const input = this.#rest + text
    let at = 0
    while (at < input.length) {
      const tag = input.indexOf('<', at)
      const end = tag === -1 ? endOfText(input, at) : tag
      if (end > at) yield { kind: 'text', text: decodeEntities(input.slice(at, end)) }
      at = end
      if (tag === -1) break
      if (input.startsWith(CDATA, at)) {
        const close = input.indexOf(']]>', at)
        if (close === -1) break
        yield { kind: 'text', text: input.slice(at + CDATA.length, close) }
        at = close + 3
        continue
      }
      // What could become a comment or a section, once more is there.
      if (input.length - at < CDATA.length && CDATA.startsWith(input.slice(at))) break
      const skipped = SKIPPED.find(([start]) => input.startsWith(start, at))
      if (skipped !== undefined) {
        const close = input.indexOf(skipped[1], at + skipped[0].length)
        if (close === -1) break
        at = close + skipped[1].length
        continue
      }
      TAG.lastIndex = at
      const found = TAG.exec(input)
      if (found === null) break
      at = TAG.lastIndex
      yield* tokensOf(found)
    }
    this.#rest = input.slice(at)
  }
}

function* tokensOf([, slash, qualified = '', attributes = '', selfClosing]: RegExpExecArray): Generator<XmlToken> {
  const name = qualified.slice(qualified.indexOf(':') + 1)
  if (slash === '/') {
    yield { kind: 'close', name }
    return
  }
  yield { kind: 'open', name, attributes: readAttributes(attributes) }
  if (selfClosing === '/') yield { kind: 'close', name }
}

function readAttributes(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', double, single = ''] of text.matchAll(ATTRIBUTE)) {
    found.set(name, decodeEntities(double ?? single))
  }
  return found
}

/** Without an entity whose end has not arrived; no entity is longer. */
const LONGEST_ENTITY = 12

function endOfText(input: string, from: number): number {
  const entity = input.lastIndexOf('&')
  return entity >= from && input.length - entity < LONGEST_ENTITY && !input.includes(';', entity)
    ? entity
    : input.length
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(ENTITY, (entity, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? entity
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10)
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity
  })
}
