import { parseDocument, type YamlEvent } from './events.ts'
import { Lines } from './lines.ts'
import { resolvePlain, Unresolvable } from './scalars.ts'
import { describeValue, type YamlKey } from './values.ts'

/** 1-based, columns counted in characters. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Target {
  readonly keys: readonly YamlKey[]
  readonly at: 'key' | 'value'
}

const LONG_LINE = 5_000

interface Place {
  readonly key: number
  readonly value: number
  readonly node: PlaceNode | null
}

/** Where the children of a collection are; `merged` are the mappings that `<<` takes in. */
interface PlaceNode {
  readonly entries: Map<string, Place>
  readonly merged: PlaceNode[]
}

/** Finds places in a text that has been read before; parsed again for that, once something is wrong with it. */
export class Locator {
  readonly #text: string
  readonly #lines: Lines
  #root: Place | undefined

  constructor(text: string) {
    this.#text = text
    this.#lines = new Lines(text)
  }

  /** The position of what the keys lead to, or of the nearest thing on the way there that exists. */
  find({ keys, at }: Target): Position {
    this.#root ??= placeEvents(this.#text)
    let place = this.#root
    for (const key of keys) {
      const next = place.node === null ? undefined : childOf(place.node, key)
      if (next === undefined) return this.position(place.value)
      place = next
    }
    return this.position(at === 'key' ? place.key : place.value)
  }

  position(offset: number): Position {
    const { line, start } = this.#lines.at(offset)
    const before = this.#text.slice(start, offset)
    // Characters are counted, but not again and again in a text without line breaks.
    return { line: line + 1, column: (before.length > LONG_LINE ? before.length : [...before].length) + 1 }
  }
}

function childOf(node: PlaceNode, key: YamlKey): Place | undefined {
  const own = node.entries.get(String(key)) ?? (typeof key === 'string' ? undefined : entryOf(node, key))
  if (own !== undefined) return own
  for (const merged of node.merged.toReversed()) {
    const place = childOf(merged, key)
    if (place !== undefined) return place
  }
  return undefined
}

/** Keys that are no text may have been written in many ways: `on`, `0x1F`. */
function entryOf(node: PlaceNode, key: YamlKey): Place | undefined {
  const shown = describeValue(key)
  for (const [text, place] of node.entries) {
    const resolved = resolvePlain(text)
    if (!(resolved instanceof Unresolvable) && describeValue(resolved) === shown) return place
  }
  return undefined
}

interface Frame {
  readonly node: PlaceNode
  readonly offset: number
  readonly anchor: string | null
  readonly isList: boolean
  size: number
  key: { readonly name: string; readonly offset: number } | null
}

function placeEvents(text: string): Place {
  const frames: Frame[] = []
  const anchors = new Map<string, PlaceNode>()
  let root: Place = { key: 0, value: 0, node: null }

  const add = (offset: number, node: PlaceNode | null, name: string): void => {
    const frame = frames.at(-1)
    if (frame === undefined) root = { key: offset, value: offset, node }
    else if (frame.isList) frame.node.entries.set(String(frame.size++), { key: offset, value: offset, node })
    else if (frame.key === null) frame.key = { name, offset }
    else {
      if (frame.key.name === '<<') mergeInto(frame.node, node)
      else frame.node.entries.set(frame.key.name, { key: frame.key.offset, value: offset, node })
      frame.key = null
    }
  }

  parseDocument(text, (event) => {
    if (event.type === 'scalar') add(event.offset, null, event.text)
    else if (event.type === 'alias') add(event.offset, anchors.get(event.name) ?? null, event.name)
    else if (event.type !== 'end') frames.push(openFrame(event))
    else {
      const frame = frames.pop()
      if (frame === undefined) return
      if (frame.anchor !== null) anchors.set(frame.anchor, frame.node)
      add(frame.offset, frame.node, '')
    }
  })
  return root
}

function openFrame({ type, offset, anchor }: Extract<YamlEvent, { type: 'list' | 'map' }>): Frame {
  return { node: { entries: new Map(), merged: [] }, offset, anchor, isList: type === 'list', size: 0, key: null }
}

function mergeInto(target: PlaceNode, source: PlaceNode | null): void {
  if (source === null) return
  // A list of mappings is merged item by item; the first of them counts most.
  const items = [...source.entries.values()].flatMap(({ node }) => (node === null ? [] : [node]))
  const isList = source.entries.has('0') && items.length === source.entries.size
  target.merged.push(...(isList ? items.toReversed() : [source]))
}
