import type { YamlEvent } from './events.ts'
import { resolvePlain, resolveTagged, Unresolvable } from './scalars.ts'
import { isCollectionTag, tagOfType } from './tags.ts'
import {
  isYamlList,
  isYamlMap,
  type YamlKey,
  type YamlMap,
  YamlPairs,
  type YamlScalar,
  type YamlValue,
} from './values.ts'
import { YamlError } from './yaml-error.ts'

/** A key that was written twice in one mapping; the value that came last counts. */
export interface DuplicateKey {
  readonly offset: number
  readonly key: string
}

/** An empty value behind which a comment looks like an id: `primaryKey: #visit.id`. */
export interface IdComment {
  /** Of the key or the dash whose value is missing. */
  readonly offset: number
  readonly comment: string
}

export interface Construction {
  readonly value: YamlValue
  readonly duplicates: readonly DuplicateKey[]
  readonly idComments: readonly IdComment[]
}

const CORE_TAGS = 'tag:yaml.org,2002:'
const VALUE_TAG = `${CORE_TAGS}value`
const MERGE_TAG = `${CORE_TAGS}merge`
/** Merging copies keys, so a chain of merges can multiply them; Felis files merge a handful. */
const MOST_MERGED_KEYS = 100_000

/** Marks a plain `<<` until its value is known. */
const MERGE = Symbol('merge')

type Scalar = Extract<YamlEvent, { type: 'scalar' }>
type Collection = Extract<YamlEvent, { type: 'list' | 'map' }>

interface Frame {
  readonly event: Collection
  readonly list: YamlValue[] | null
  readonly map: Map<YamlKey, YamlValue> | null
  /** Mappings that `<<` takes in, in the order of their keys. */
  merged: YamlMap[] | null
  key: YamlKey | typeof MERGE
  keyOffset: number
  hasKey: boolean
}

/**
 * Builds a document out of its events as PyYAML's `safe_load` would: implicit types of YAML 1.1, merge keys, the last
 * of equal keys wins, an alias is the same object as its anchor. `take` throws a YamlError.
 */
export class Constructor implements Construction {
  value: YamlValue = null
  readonly duplicates: DuplicateKey[] = []
  readonly idComments: IdComment[] = []
  /** undefined: the anchored collection is still open. */
  readonly #anchors = new Map<string, YamlValue | undefined>()
  readonly #frames: Frame[] = []
  #mergedKeys = 0

  take(event: YamlEvent): void {
    switch (event.type) {
      case 'scalar':
        this.#scalar(event)
        break
      case 'alias':
        this.#alias(event.name, event.offset)
        break
      case 'list':
      case 'map':
        this.#open(event)
        break
      case 'end':
        this.#close()
    }
  }

  #scalar(event: Scalar): void {
    const value = this.#resolve(event)
    if (event.comment !== null) this.idComments.push({ offset: event.offset, comment: event.comment })
    if (event.anchor !== null) this.#anchor(event.anchor, event.offset, value === MERGE ? '<<' : value)
    this.#add(value, event.offset)
  }

  #resolve({ tag, text, plain, offset }: Scalar): YamlScalar | typeof MERGE {
    // The lone tag `!` asks for the implicit type, even of text in quotes.
    if (tag === '!' || (tag === null && plain)) {
      if (text === '<<') return MERGE
      // In the place of a key a plain '=' is only text.
      if (text === '=' && this.#expectsKey()) return text
      return checked(resolvePlain(text), text, offset)
    }
    // Some programs write the tag of merge keys out: `!!merge <<`.
    if (tag === MERGE_TAG && this.#expectsKey()) return MERGE
    // What stands for `=` is text in the place of a key, too.
    if (tag === null || (tag === VALUE_TAG && this.#expectsKey())) return text
    const value = resolveTagged(tagOfType(tag), text)
    if (value === undefined) throw unknownTag(offset, tag)
    return checked(value, text, offset)
  }

  #expectsKey(): boolean {
    const frame = this.#frames.at(-1)
    return frame !== undefined && frame.map !== null && !frame.hasKey
  }

  #alias(name: string, offset: number): void {
    const value = this.#anchors.get(name)
    if (value === undefined) {
      const reason = this.#anchors.has(name)
        ? 'refers to a collection that contains it'
        : 'refers to no anchor before it'
      throw new YamlError(offset, 'yaml_alias', `the alias *${name} ${reason}`)
    }
    this.#add(value, offset)
  }

  #open(event: Collection): void {
    const { tag, type, anchor, offset } = event
    if (tag !== null && !isCollectionTag(tag, type)) throw unknownTag(offset, tag)
    if (anchor !== null) this.#anchor(anchor, offset, undefined)
    const isMap = type === 'map'
    this.#frames.push({
      event,
      list: isMap ? null : [],
      map: isMap ? new Map() : null,
      merged: null,
      key: null,
      keyOffset: 0,
      hasKey: false,
    })
  }

  #close(): void {
    const frame = this.#frames.pop()
    if (frame === undefined) throw new RangeError('more collections end than began')
    const { tag, anchor, offset } = frame.event
    const value = tag !== null && PAIRS_TAGS.has(tag) ? pairs(frame, tag) : collect(frame)
    if (anchor !== null) this.#anchors.set(anchor, value)
    this.#add(value, offset)
  }

  #add(value: YamlValue | typeof MERGE, offset: number): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined) this.value = unmerged(value, offset)
    else if (frame.list !== null) frame.list.push(unmerged(value, offset))
    else if (frame.hasKey) this.#addPair(frame, unmerged(value, offset), offset)
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
        throw new YamlError(offset, 'yaml_merge', 'the value of a merge key << must be a mapping or a list of mappings')
      }
      this.#mergedKeys += source.size
      if (this.#mergedKeys > MOST_MERGED_KEYS) {
        throw new YamlError(offset, 'yaml_merge', `merge keys copy more than ${MOST_MERGED_KEYS} keys`)
      }
      frame.merged ??= []
      frame.merged.push(source)
    }
  }

  #anchor(name: string, offset: number, value: YamlValue | undefined): void {
    if (this.#anchors.has(name)) throw new YamlError(offset, 'yaml_anchor', `the anchor &${name} is defined twice`)
    this.#anchors.set(name, value)
  }
}

const PAIRS_TAGS: ReadonlySet<string> = new Set(['set', 'omap', 'pairs'].map((tag) => CORE_TAGS + tag))

function pairs({ list, event }: Frame, tag: string): YamlPairs {
  const name = tagOfType(tag)
  if (list?.every((item) => isYamlMap(item) && item.size === 1) === false) {
    throw new YamlError(event.offset, 'yaml_value', `a !!${name} is a list of mappings with one key each`)
  }
  return new YamlPairs(name)
}

/** Merged keys come first, in PyYAML's order; the mapping's own values win. */
function collect({ map, list, merged }: Frame): YamlValue {
  if (map === null) return list ?? []
  if (merged === null) return map
  const whole = new Map<YamlKey, YamlValue>()
  for (const source of [...merged, map]) {
    for (const [key, value] of source) whole.set(key, value)
  }
  return whole
}

function checked(value: YamlScalar | Unresolvable, text: string, offset: number): YamlScalar {
  if (!(value instanceof Unresolvable)) return value
  throw new YamlError(offset, 'yaml_value', `'${text.slice(0, 40)}' ${value.reason}`)
}

function unmerged(value: YamlValue | typeof MERGE, offset: number): YamlValue {
  if (value !== MERGE) return value
  throw new YamlError(offset, 'yaml_merge', 'a plain << is a merge key in YAML 1.1; write it in quotes if it is text')
}

/** To Python `1`, `1.0` and `true` are one key; none of them is one of Felis. */
function hashable(value: YamlValue, offset: number): YamlKey {
  if (isYamlList(value) || isYamlMap(value) || value instanceof YamlPairs) {
    throw new YamlError(offset, 'yaml_key', 'the key of a mapping cannot be a collection')
  }
  return value
}

function unknownTag(offset: number, tag: string): YamlError {
  const text = tag.startsWith(CORE_TAGS) ? `!!${tag.slice(CORE_TAGS.length)}` : tag
  return new YamlError(offset, 'yaml_tag', `the tag ${text.slice(0, 80)} has no meaning here`)
}
