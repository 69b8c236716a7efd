import { type AliasEvent, EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import { resolvePlain, resolveTagged, Unresolvable } from './scalars.ts'
import {
  isYamlList,
  isYamlMap,
  YamlBinary,
  YamlFloat,
  type YamlKey,
  type YamlMap,
  YamlPairs,
  type YamlValue,
} from './values.ts'

/** Something that PyYAML's safe loader refuses, or that this one does to protect itself. */
export class ConstructionError extends Error {
  /** Offset in the text. */
  readonly offset: number
  readonly code: string

  constructor(offset: number, code: string, message: string) {
    super(message)
    this.offset = offset
    this.code = code
  }
}

/** A key that was written twice in one mapping; the value that came last counts. */
export interface DuplicateKey {
  readonly offset: number
  readonly key: string
}

export interface Construction {
  readonly value: YamlValue
  readonly duplicates: readonly DuplicateKey[]
}

const CORE_TAGS = 'tag:yaml.org,2002:'
/** Merging copies keys, so a chain of merges can multiply them; Felis files merge a handful. */
const MOST_MERGED_KEYS = 100_000

/** Marks a plain `<<` until its value is known. */
const MERGE = Symbol('merge')

type Collection = Extract<Event, { start: number }>
interface Frame {
  readonly event: Collection
  readonly list: YamlValue[] | null
  readonly map: Map<YamlKey, YamlValue> | null
  /** Own keys seen so far, and mappings merged into this one, in order. */
  readonly merged: YamlMap[]
  key: YamlKey | typeof MERGE
  keyOffset: number
  hasKey: boolean
}

/**
 * Builds the one document of an event stream as PyYAML's `safe_load` would: implicit types of YAML 1.1, merge keys,
 * the last of equal keys wins, an alias is the same object as its anchor.
 *
 * @throws ConstructionError
 */
export function construct(events: readonly Event[], source: string): Construction {
  return new Constructor(source).run(events)
}

class Constructor {
  readonly source: string
  readonly anchors = new Map<string, YamlValue | undefined>()
  readonly frames: Frame[] = []
  readonly duplicates: DuplicateKey[] = []
  tagHandles = new Map<string, string>()
  mergedKeys = 0
  result: YamlValue = null

  constructor(source: string) {
    this.source = source
  }

  run(events: readonly Event[]): Construction {
    let documents = 0
    for (const event of events) {
      switch (event.type) {
        case EVENT_ID.DOCUMENT:
          documents += 1
          if (documents > 1)
            throw new ConstructionError(this.#offsetAfter(events, event), 'yaml_documents', MANY_DOCUMENTS)
          for (const directive of event.directives) {
            if (directive.kind === 'tag') this.tagHandles.set(directive.handle, directive.prefix)
          }
          break
        case EVENT_ID.SCALAR:
          this.#scalar(event)
          break
        case EVENT_ID.ALIAS:
          this.#alias(event)
          break
        case EVENT_ID.SEQUENCE:
        case EVENT_ID.MAPPING:
          this.#open(event)
          break
        case EVENT_ID.POP:
          this.#close()
      }
    }
    return { value: this.result, duplicates: this.duplicates }
  }

  #scalar(event: ScalarEvent): void {
    const text = getScalarValue(this.source, event)
    const offset = offsetOf(event)
    const value = this.#resolve(event, text, offset)
    this.#anchor(event, value === MERGE ? '<<' : value)
    this.#add(value, offset)
  }

  #resolve(event: ScalarEvent, text: string, offset: number): YamlKey | typeof MERGE {
    const tag = this.#tag(event)
    if (tag === null) {
      if (event.style !== SCALAR_STYLE.PLAIN) return text
      if (text === '<<') return MERGE
      // In the place of a key a plain '=' is only text.
      if (text === '=' && this.#expectsKey()) return text
      return this.#checked(resolvePlain(text), text, offset)
    }
    if (tag === '!') return text
    const value = tag.startsWith(CORE_TAGS) ? resolveTagged(tag.slice(CORE_TAGS.length), text) : undefined
    if (value === undefined) throw unknownTag(offset, tag)
    return this.#checked(value, text, offset)
  }

  #checked(value: YamlKey | Unresolvable, text: string, offset: number): YamlKey {
    if (!(value instanceof Unresolvable)) return value
    throw new ConstructionError(offset, 'yaml_value', `'${text.slice(0, 40)}' ${value.reason}`)
  }

  #expectsKey(): boolean {
    const frame = this.frames.at(-1)
    return frame !== undefined && frame.map !== null && !frame.hasKey
  }

  #alias(event: AliasEvent): void {
    const name = this.source.slice(event.anchorStart, event.anchorEnd)
    const value = this.anchors.get(name)
    if (value === undefined) {
      const reason = this.anchors.has(name)
        ? 'refers to a collection that contains it'
        : 'refers to no anchor before it'
      throw new ConstructionError(event.anchorStart - 1, 'yaml_alias', `the alias *${name} ${reason}`)
    }
    this.#add(value, event.anchorStart - 1)
  }

  #open(event: Collection): void {
    const tag = this.#tag(event)
    const isMap = event.type === EVENT_ID.MAPPING
    const own = tag === null || tag === '!' || tag === `${CORE_TAGS}${isMap ? 'map' : 'seq'}`
    if (!own && !PAIRS_TAGS.has(tag)) throw unknownTag(offsetOf(event), tag)
    this.#anchor(event, undefined)
    this.frames.push({
      event,
      list: isMap ? null : [],
      map: isMap ? new Map() : null,
      merged: [],
      key: null,
      keyOffset: 0,
      hasKey: false,
    })
  }

  #close(): void {
    const frame = this.frames.pop()
    // The document's own end: its value has been taken already.
    if (frame === undefined) return
    const tag = this.#tag(frame.event)
    const value = tag !== null && PAIRS_TAGS.has(tag) ? new YamlPairs(tag.slice(CORE_TAGS.length)) : collect(frame)
    const { anchorStart, anchorEnd } = frame.event
    if (anchorStart !== -1) this.anchors.set(this.source.slice(anchorStart, anchorEnd), value)
    this.#add(value, offsetOf(frame.event))
  }

  #add(value: YamlValue | typeof MERGE, offset: number): void {
    const frame = this.frames.at(-1)
    if (frame === undefined) this.result = plain(value, offset)
    else if (frame.list !== null) frame.list.push(plain(value, offset))
    else if (frame.hasKey) this.#addPair(frame, plain(value, offset), offset)
    else {
      frame.key = value === MERGE ? MERGE : hashable(value, offset)
      frame.keyOffset = offset
      frame.hasKey = true
    }
  }

  #addPair(frame: Frame, value: YamlValue, offset: number): void {
    frame.hasKey = false
    const { key, map } = frame
    if (map === null) return
    if (key === MERGE) {
      this.#merge(frame, value, offset)
      return
    }
    if (map.has(key)) this.duplicates.push({ offset: frame.keyOffset, key: String(key) })
    map.set(key, value)
  }

  /** Of the mappings in one list the first one wins, of several `<<` in a mapping the last one. */
  #merge(frame: Frame, value: YamlValue, offset: number): void {
    const sources = isYamlList(value) ? value.toReversed() : [value]
    for (const source of sources) {
      if (!isYamlMap(source)) {
        throw new ConstructionError(
          offset,
          'yaml_merge',
          'the value of a merge key << must be a mapping or a list of mappings',
        )
      }
      this.mergedKeys += source.size
      if (this.mergedKeys > MOST_MERGED_KEYS) {
        throw new ConstructionError(offset, 'yaml_merge', `merge keys copy more than ${MOST_MERGED_KEYS} keys`)
      }
      frame.merged.push(source)
    }
  }

  #anchor(event: { anchorStart: number; anchorEnd: number }, value: YamlValue | undefined): void {
    if (event.anchorStart === -1) return
    const name = this.source.slice(event.anchorStart, event.anchorEnd)
    if (this.anchors.has(name)) {
      throw new ConstructionError(event.anchorStart - 1, 'yaml_anchor', `the anchor &${name} is defined twice`)
    }
    this.anchors.set(name, value)
  }

  #tag(event: { tagStart: number; tagEnd: number }): string | null {
    if (event.tagStart === -1) return null
    const raw = this.source.slice(event.tagStart, event.tagEnd)
    if (raw.startsWith('!<')) return decodeTag(raw.slice(2, -1))
    const end = raw.indexOf('!', 1)
    const handle = end === -1 ? '!' : raw.slice(0, end + 1)
    const prefix = this.tagHandles.get(handle) ?? (handle === '!!' ? CORE_TAGS : handle)
    return prefix + decodeTag(raw.slice(handle.length))
  }

  #offsetAfter(events: readonly Event[], event: Event): number {
    const next = events[events.indexOf(event) + 1]
    return next === undefined || next.type === EVENT_ID.POP || next.type === EVENT_ID.DOCUMENT ? 0 : offsetOf(next)
  }
}

const MANY_DOCUMENTS = 'a second YAML document starts here; a file holds one'
const PAIRS_TAGS = new Set(['set', 'omap', 'pairs'].map((tag) => CORE_TAGS + tag))

/** Merged keys come first, in PyYAML's order; the mapping's own values win. */
function collect(frame: Frame): YamlValue {
  if (frame.map === null) return frame.list ?? []
  if (frame.merged.length === 0) return frame.map
  const whole = new Map<YamlKey, YamlValue>()
  for (const source of [...frame.merged, frame.map]) {
    for (const [key, value] of source) whole.set(key, value)
  }
  return whole
}

function plain(value: YamlValue | typeof MERGE, offset: number): YamlValue {
  if (value !== MERGE) return value
  throw new ConstructionError(
    offset,
    'yaml_merge',
    'a plain << is a merge key in YAML 1.1; write it in quotes if it is text',
  )
}

function hashable(value: YamlValue, offset: number): YamlKey {
  if (value instanceof YamlFloat) return Number.isInteger(value.value) ? value.value : value
  if (value === null || typeof value !== 'object') return value
  if (value instanceof YamlBinary || !(isYamlList(value) || isYamlMap(value) || value instanceof YamlPairs))
    return value
  throw new ConstructionError(offset, 'yaml_key', 'the key of a mapping cannot be a collection')
}

function unknownTag(offset: number, tag: string): ConstructionError {
  return new ConstructionError(offset, 'yaml_tag', `the tag ${abridgeTag(tag)} has no meaning here`)
}

function abridgeTag(tag: string): string {
  const text = tag.startsWith(CORE_TAGS) ? `!!${tag.slice(CORE_TAGS.length)}` : tag
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}

function decodeTag(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Where an event begins: at its tag or anchor, if it has one. An empty scalar has no place of its own: 0. */
export function offsetOf(event: ScalarEvent | AliasEvent | Collection): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1
  let offset = event.type === EVENT_ID.SCALAR ? Math.max(event.valueStart, 0) : event.start
  if (event.tagStart !== -1) offset = Math.min(offset, event.tagStart)
  if (event.anchorStart !== -1) offset = Math.min(offset, event.anchorStart - 1)
  return offset
}
