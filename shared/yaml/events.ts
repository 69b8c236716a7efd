import {
  COLLECTION_STYLE,
  type DocumentEvent,
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
  YAMLException,
} from 'js-yaml'
import { checkAnchor, checkDirective, checkKey, checkOwnLine, checkScalar } from './beyond-pyyaml.ts'
import { Gap, lineStartOf } from './gap.ts'
import { explainRefusal } from './refusals.ts'
import { resolveTag } from './tags.ts'
import { YamlError } from './yaml-error.ts'

/** One step through a document: what begins, is there, or ends. */
export type YamlEvent =
  | {
      readonly type: 'scalar'
      /** Of an empty value: where its dash or its key is. */
      readonly offset: number
      readonly anchor: string | null
      readonly tag: string | null
      readonly text: string
      readonly plain: boolean
      /** What stands in the place of an empty value and looks like an id: a # begins a comment. */
      readonly comment: string | null
    }
  | { readonly type: 'alias'; readonly offset: number; readonly name: string }
  | {
      readonly type: 'list' | 'map'
      readonly offset: number
      readonly anchor: string | null
      readonly tag: string | null
    }
  | { readonly type: 'end' }

/** Nested collections; Felis needs a dozen. */
const DEEPEST = 100

/**
 * Hands over the events of the one document in a text, one after another. The grammar is js-yaml's; what it takes and
 * PyYAML does not is refused. false: the text holds no document.
 *
 * @throws YamlError
 */
export function parseDocument(text: string, take: (event: YamlEvent) => void): boolean {
  const [document, ...rest] = parse(text)
  if (document?.type !== EVENT_ID.DOCUMENT) return false
  new Adapter(text, document, take).read(rest)
  return true
}

function parse(text: string): Event[] {
  try {
    // Scalars are one deeper than the collection they are in.
    return parseEvents(text, { maxDepth: DEEPEST + 2 })
  } catch (error) {
    if (error instanceof YAMLException) throw explainRefusal(text, error)
    throw error
  }
}

interface Frame {
  readonly isMap: boolean
  readonly isFlow: boolean
  /** Of the dashes of a block list; 0 for others. */
  readonly column: number
  isEmpty: boolean
  /** Of the key whose value comes next; null: a key comes next, or an item. */
  key: { readonly start: number; readonly isExplicit: boolean } | null
}

type Properties = Pick<ScalarEvent, 'anchorStart' | 'anchorEnd' | 'tagStart' | 'tagEnd'>

const NOWHERE = -1
const END_EVENT = { type: 'end' } as const

class Adapter {
  readonly #text: string
  readonly #document: DocumentEvent
  readonly #take: (event: YamlEvent) => void
  readonly #gap: Gap
  readonly #frames: Frame[] = []
  /** Whether a `?` stands before the key that is being read. */
  #isExplicit = false
  /** Behind the last key. */
  #colon = NOWHERE

  constructor(text: string, document: DocumentEvent, take: (event: YamlEvent) => void) {
    this.#text = text
    this.#document = document
    this.#take = take
    this.#gap = new Gap(text)
    this.#passDirectives()
  }

  #passDirectives(): void {
    this.#gap.passFiller()
    while (this.#text.charAt(this.#gap.at) === '%' && this.#gap.isAtLineStart()) {
      checkDirective(this.#text, this.#gap.at)
      this.#gap.passLine()
      this.#gap.passFiller()
    }
    const { at } = this.#gap
    const hasMarks = this.#document.explicitStart || this.#document.directives.length > 0
    if (hasMarks && !this.#gap.isAtLineStart()) {
      throw new YamlError(at, 'yaml_syntax', 'not valid YAML: there must be no space before --- and %')
    }
    if (this.#gap.passDocumentEnd()) {
      throw new YamlError(at, 'yaml_syntax', 'not valid YAML: a document ends here before one has begun')
    }
  }

  read(events: readonly Event[]): void {
    for (const event of events) {
      switch (event.type) {
        case EVENT_ID.DOCUMENT:
          throw this.#secondDocument()
        case EVENT_ID.SCALAR:
          this.#scalar(event)
          break
        case EVENT_ID.ALIAS:
          this.#alias(event.anchorStart, event.anchorEnd)
          break
        case EVENT_ID.SEQUENCE:
        case EVENT_ID.MAPPING:
          this.#open(event)
          break
        case EVENT_ID.POP:
          if (this.#frames.pop() !== undefined) {
            this.#take(END_EVENT)
            this.#settle()
          }
      }
    }
    this.#gap.pass(this.#text.length)
  }

  #secondDocument(): YamlError {
    do this.#gap.passFiller()
    while (this.#gap.passDocumentEnd())
    return new YamlError(this.#gap.at, 'yaml_documents', 'a second YAML document begins here; a file holds one')
  }

  #scalar(event: ScalarEvent): void {
    const { valueStart, valueEnd, style } = event
    const frame = this.#frames.at(-1)
    const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED
    const isBlock = style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK
    const properties = this.#properties(event)
    if (valueStart === NOWHERE && properties.offset === NOWHERE) {
      this.#empty(frame)
      return
    }
    let offset = properties.offset
    if (valueStart !== NOWHERE) {
      const start = isQuoted ? valueStart - 1 : valueStart
      this.#passTo(start, frame, properties.offset === NOWHERE)
      if (offset === NOWHERE) offset = isBlock ? this.#gap.header : start
      this.#gap.at = isQuoted ? valueEnd + 1 : valueEnd
      checkScalar(this.#text, event, frame?.isFlow === true)
    }
    const { anchor, tag } = properties
    const text = scalarText(this.#text, event)
    this.#take({ type: 'scalar', offset, anchor, tag, text, plain: style === SCALAR_STYLE.PLAIN, comment: null })
    this.#settle(offset)
  }

  /** A value that is not there. */
  #empty(frame: Frame | undefined): void {
    let offset = this.#gap.at
    if (frame?.isMap === false) offset = this.#gap.passDash(frame.column)
    else if (frame?.key === null) {
      if (!this.#isExplicit) offset = this.#gap.passKeyMark()
      this.#isExplicit ||= this.#text.charAt(offset) === '?'
      if (!this.#isExplicit)
        throw new YamlError(offset, 'yaml_syntax', "not valid YAML: there is no key before this ':'")
    } else if (frame !== undefined) {
      offset = frame.key.start
      this.#gap.passColon(frame.isFlow)
      this.#checkKey(frame)
    }
    const comment = frame === undefined ? null : this.#gap.idComment()
    this.#take({ type: 'scalar', offset, anchor: null, tag: null, text: '', plain: true, comment })
    this.#settle(offset)
  }

  #alias(anchorStart: number, anchorEnd: number): void {
    const offset = anchorStart - 1
    this.#passTo(offset, this.#frames.at(-1), true)
    this.#gap.at = anchorEnd
    checkAnchor(this.#text, anchorStart, anchorEnd)
    this.#take({ type: 'alias', offset, name: this.#text.slice(anchorStart, anchorEnd) })
    this.#settle(offset)
  }

  #open(event: SequenceEvent | MappingEvent): void {
    if (this.#frames.length >= DEEPEST) {
      throw new YamlError(event.start, 'yaml_depth', `collections are nested more than ${DEEPEST} deep`)
    }
    const properties = this.#properties(event)
    const isFlow = event.style === COLLECTION_STYLE.FLOW
    const isMap = event.type === EVENT_ID.MAPPING
    const { start } = event
    const frame = this.#frames.at(-1)
    this.#passTo(start, frame, properties.offset === NOWHERE)
    if (isMap && !isFlow && frame?.key?.isExplicit === false) checkOwnLine(this.#text, this.#colon, start)
    const opensBracket = isFlow && /[[{]/.test(this.#text.charAt(start))
    if (opensBracket) this.#gap.at = start + 1
    const { anchor, tag } = properties
    const offset = properties.offset === NOWHERE ? start : properties.offset
    this.#take({ type: isMap ? 'map' : 'list', offset, anchor, tag })
    const column = isMap || isFlow ? 0 : start - lineStartOf(this.#text, start)
    this.#frames.push({ isMap, isFlow, column, isEmpty: true, key: null })
    // The mapping of a pair in a list begins behind its `?`.
    this.#isExplicit = isFlow && !opensBracket && this.#gap.question !== NOWHERE
  }

  /** Passes an anchor and a tag, in either order; the offset is -1 when there is neither. */
  #properties(event: Properties): { offset: number; anchor: string | null; tag: string | null } {
    const { anchorStart, anchorEnd, tagStart, tagEnd } = event
    if (anchorStart === NOWHERE && tagStart === NOWHERE) return { offset: NOWHERE, anchor: null, tag: null }
    const offset = Math.min(...[anchorStart - 1, tagStart].filter((start) => start >= 0))
    this.#passTo(offset, this.#frames.at(-1), true)
    const anchor = anchorStart === NOWHERE ? null : this.#text.slice(anchorStart, anchorEnd)
    if (anchor !== null) checkAnchor(this.#text, anchorStart, anchorEnd)
    const tag = tagStart === NOWHERE ? null : resolveTag(this.#text, tagStart, tagEnd, this.#document.directives)
    this.#gap.at = Math.max(anchorEnd, tagEnd)
    return { offset, anchor, tag }
  }

  /** Passes what is before a node; `isFirst`: nothing of the node itself has been passed. */
  #passTo(offset: number, frame: Frame | undefined, isFirst: boolean): void {
    const isNewLine = this.#gap.isAtLineStart()
    this.#gap.pass(offset)
    if (!isFirst || frame === undefined) return
    if (frame.key !== null) {
      this.#checkKey(frame)
      return
    }
    if (!(frame.isEmpty || frame.isFlow || isNewLine || this.#gap.lineBreak !== NOWHERE)) {
      throw new YamlError(offset, 'yaml_syntax', 'not valid YAML: expected the next entry, in a line of its own')
    }
    frame.isEmpty = false
    if (frame.isMap) this.#isExplicit ||= this.#gap.question !== NOWHERE
  }

  #checkKey({ key, isFlow }: Frame): void {
    this.#colon = this.#gap.colon
    if (key === null || key.isExplicit || this.#colon === NOWHERE) return
    checkKey(this.#text, key.start, this.#colon, isFlow)
  }

  /** After a whole node: what comes next in the collection around it. */
  #settle(offset = this.#gap.at): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined || !frame.isMap) return
    frame.key = frame.key === null ? { start: offset, isExplicit: this.#isExplicit } : null
    this.#isExplicit = false
  }
}

/** At the end of a file, a block without a line break has none. */
function scalarText(source: string, event: ScalarEvent): string {
  const text = getScalarValue(source, event)
  const { style, valueEnd } = event
  const isBlock = style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK
  const isOpen = isBlock && valueEnd === source.length && !/[\r\n]$/.test(source)
  return isOpen && text.endsWith('\n') ? text.slice(0, -1) : text
}
