import { YamlError } from './cursor.ts'
import type { Directive } from './scan-directive.ts'
import { Scanner, TOKEN, type Token, type TokenKind } from './scanner.ts'

/** One step through a document: what begins, is there, or ends. */
export type YamlEvent =
  | {
      readonly type: 'scalar'
      readonly offset: number
      readonly anchor: string | null
      readonly tag: string | null
      readonly text: string
      readonly plain: boolean
      readonly empty: boolean
    }
  | { readonly type: 'alias'; readonly offset: number; readonly name: string }
  | {
      readonly type: 'list' | 'map'
      readonly offset: number
      readonly anchor: string | null
      readonly tag: string | null
    }
  | { readonly type: 'end' }

const CORE_PREFIX = 'tag:yaml.org,2002:'
/** Nested collections; Felis needs a dozen. */
const DEEPEST = 100

/**
 * Hands over the events of the one document in a text, one after another, by PyYAML's grammar. false: the text holds
 * no document.
 *
 * @throws YamlError
 */
export function parseDocument(text: string, take: (event: YamlEvent) => void): boolean {
  return new Parser(text, take).parse()
}

interface Properties {
  readonly offset: number
  readonly anchor: string | null
  readonly tag: string | null
}

class Parser {
  readonly #scanner: Scanner
  readonly #take: (event: YamlEvent) => void
  #handles = new Map<string, string>()
  #depth = 0

  constructor(text: string, take: (event: YamlEvent) => void) {
    this.#scanner = new Scanner(text)
    this.#take = take
  }

  parse(): boolean {
    if (this.#is(TOKEN.streamEnd)) return false
    if (!this.#is(TOKEN.directive, TOKEN.documentStart)) {
      this.#handles = handlesOf([])
      this.#node('block')
    } else this.#explicitDocument()
    while (this.#is(TOKEN.documentEnd)) this.#scanner.take()
    const { kind, offset } = this.#scanner.peek()
    if (kind === TOKEN.documentStart || kind === TOKEN.directive) {
      throw new YamlError(offset, 'yaml_documents', 'a second YAML document begins here; a file holds one')
    }
    if (kind !== TOKEN.streamEnd) this.#unexpected('the end of the file')
    return true
  }

  #explicitDocument(): void {
    const directives: Token[] = []
    while (this.#is(TOKEN.directive)) directives.push(this.#scanner.take())
    this.#handles = handlesOf(directives)
    if (!this.#is(TOKEN.documentStart)) this.#unexpected('---')
    const { offset } = this.#scanner.take()
    if (this.#is(TOKEN.directive, TOKEN.documentStart, TOKEN.documentEnd, TOKEN.streamEnd)) this.#empty(offset)
    else this.#node('block')
  }

  /** `entries`: in block context, and a list may stand at the indentation of its key. */
  #node(context: 'block' | 'entries' | 'flow'): void {
    const { kind, offset: start, text, plain } = this.#scanner.peek()
    if (kind === TOKEN.scalar) {
      this.#scanner.take()
      this.#take({ type: 'scalar', offset: start, anchor: null, tag: null, text, plain, empty: false })
      return
    }
    if (kind === TOKEN.alias) {
      this.#scanner.take()
      this.#take({ type: 'alias', offset: start, name: text })
      return
    }
    const properties = this.#properties()
    const token = this.#scanner.peek()
    const anchor = properties === null ? null : properties.anchor
    const tag = properties === null ? null : properties.tag
    const offset = properties === null ? token.offset : properties.offset
    if (token.kind === TOKEN.scalar) {
      this.#scanner.take()
      this.#take({ type: 'scalar', offset, anchor, tag, text: token.text, plain: token.plain, empty: false })
      return
    }
    const collection = collectionOf(token.kind, context)
    if (collection !== null) {
      if (this.#depth >= DEEPEST) {
        throw new YamlError(offset, 'yaml_depth', `collections are nested more than ${DEEPEST} deep`)
      }
      this.#depth += 1
      this.#take({ type: collection, offset, anchor, tag })
      this.#collection(token.kind)
      this.#take(END_EVENT)
      this.#depth -= 1
    } else if (properties !== null) {
      this.#take({ type: 'scalar', offset, anchor, tag, text: '', plain: true, empty: false })
    } else this.#unexpected('a value')
  }

  #collection(start: TokenKind): void {
    switch (start) {
      case TOKEN.entry:
        this.#indentlessList()
        break
      case TOKEN.listStart:
        this.#blockList()
        break
      case TOKEN.mapStart:
        this.#blockMap()
        break
      case TOKEN.flowListStart:
        this.#flowList()
        break
      default:
        this.#flowMap()
    }
  }

  /** An anchor and a tag, in either order. */
  #properties(): Properties | null {
    if (!this.#is(TOKEN.anchor, TOKEN.tag)) return null
    const first = this.#scanner.take()
    const other = first.kind === TOKEN.anchor ? TOKEN.tag : TOKEN.anchor
    const second = this.#is(other) ? this.#scanner.take() : null
    const [anchor, tag] = first.kind === TOKEN.anchor ? [first, second] : [second, first]
    return { offset: first.offset, anchor: anchor?.text ?? null, tag: tag === null ? null : this.#tagName(tag) }
  }

  #tagName({ tag, offset }: Token): string | null {
    if (tag === null) return null
    if (tag.handle === null) return tag.suffix
    const prefix = this.#handles.get(tag.handle)
    if (prefix === undefined) throw new YamlError(offset, 'yaml_tag', `the tag handle ${tag.handle} is not declared`)
    return prefix + tag.suffix
  }

  #blockList(): void {
    this.#scanner.take()
    while (this.#is(TOKEN.entry)) {
      const { offset } = this.#scanner.take()
      if (this.#is(TOKEN.entry, TOKEN.blockEnd)) this.#empty(offset)
      else this.#node('block')
    }
    this.#closeBlock()
  }

  #indentlessList(): void {
    while (this.#is(TOKEN.entry)) {
      const { offset } = this.#scanner.take()
      if (this.#is(TOKEN.entry, TOKEN.key, TOKEN.value, TOKEN.blockEnd)) this.#empty(offset)
      else this.#node('block')
    }
  }

  #blockMap(): void {
    this.#scanner.take()
    while (this.#is(TOKEN.key)) {
      const { offset } = this.#scanner.take()
      this.#blockPart(offset)
      if (this.#is(TOKEN.value)) this.#blockPart(this.#scanner.take().offset)
      else this.#empty(offset)
    }
    this.#closeBlock()
  }

  #blockPart(offset: number): void {
    if (this.#is(TOKEN.key, TOKEN.value, TOKEN.blockEnd)) this.#empty(offset)
    else this.#node('entries')
  }

  #closeBlock(): void {
    if (!this.#is(TOKEN.blockEnd)) this.#unexpected('the next entry, at the same indentation')
    this.#scanner.take()
  }

  #flowList(): void {
    this.#flowEntries(TOKEN.flowListEnd, () => {
      if (!this.#is(TOKEN.key)) {
        this.#node('flow')
        return
      }
      const { offset } = this.#scanner.take()
      this.#take({ type: 'map', offset, anchor: null, tag: null })
      this.#flowPair(TOKEN.flowListEnd, offset)
      this.#take(END_EVENT)
    })
  }

  #flowMap(): void {
    this.#flowEntries(TOKEN.flowMapEnd, () => {
      if (this.#is(TOKEN.key)) this.#flowPair(TOKEN.flowMapEnd, this.#scanner.take().offset)
      else {
        const { offset } = this.#scanner.peek()
        this.#node('flow')
        this.#empty(offset)
      }
    })
  }

  #flowEntries(end: TokenKind, parseEntry: () => void): void {
    this.#scanner.take()
    for (let isFirst = true; !this.#is(end); isFirst = false) {
      if (!isFirst) {
        if (!this.#is(TOKEN.flowEntry)) this.#unexpected(`',' or '${end}'`)
        this.#scanner.take()
        if (this.#is(end)) break
      }
      parseEntry()
    }
    this.#scanner.take()
  }

  #flowPair(end: TokenKind, offset: number): void {
    if (this.#is(TOKEN.value, TOKEN.flowEntry, end)) this.#empty(offset)
    else this.#node('flow')
    if (!this.#is(TOKEN.value)) {
      this.#empty(offset)
      return
    }
    this.#scanner.take()
    if (this.#is(TOKEN.flowEntry, end)) this.#empty(offset)
    else this.#node('flow')
  }

  /** A value that is not there; it has the place of what asks for it. */
  #empty(offset: number): void {
    this.#take({ type: 'scalar', offset, anchor: null, tag: null, text: '', plain: true, empty: true })
  }

  #is(a: TokenKind, b = a, c = a, d = a): boolean {
    const { kind } = this.#scanner.peek()
    return kind === a || kind === b || kind === c || kind === d
  }

  #unexpected(expected: string): never {
    const { kind, offset } = this.#scanner.peek()
    const found = kind.length === 1 || kind.length === 3 ? `'${kind}'` : kind
    throw new YamlError(offset, 'yaml_syntax', `not YAML: expected ${expected}, found ${found}`)
  }
}

const END_EVENT = { type: 'end' } as const

/** What begins with a token in a place; null: no collection. */
function collectionOf(kind: TokenKind, context: 'block' | 'entries' | 'flow'): 'list' | 'map' | null {
  if (kind === TOKEN.flowListStart) return 'list'
  if (kind === TOKEN.flowMapStart) return 'map'
  if (context === 'flow') return null
  if (kind === TOKEN.listStart || (kind === TOKEN.entry && context === 'entries')) return 'list'
  return kind === TOKEN.mapStart ? 'map' : null
}

function handlesOf(directives: readonly Token[]): Map<string, string> {
  const handles = new Map<string, string>()
  let hasVersion = false
  for (const { directive, offset } of directives) {
    if (directive?.name === 'YAML') {
      checkVersion(directive, hasVersion, offset)
      hasVersion = true
    } else if (directive?.name === 'TAG') {
      if (handles.has(directive.handle)) {
        throw new YamlError(offset, 'yaml_directive', `the tag handle ${directive.handle} is declared twice`)
      }
      handles.set(directive.handle, directive.prefix)
    }
  }
  if (!handles.has('!')) handles.set('!', '!')
  if (!handles.has('!!')) handles.set('!!', CORE_PREFIX)
  return handles
}

function checkVersion({ major }: Extract<Directive, { name: 'YAML' }>, isSecond: boolean, offset: number): void {
  if (isSecond) throw new YamlError(offset, 'yaml_directive', 'the directive %YAML is here a second time')
  if (major !== 1) throw new YamlError(offset, 'yaml_directive', `YAML ${major} is not known; Felis files are YAML 1.1`)
}
