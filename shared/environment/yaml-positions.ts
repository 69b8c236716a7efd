import type { YamlEvent } from '../yaml/events.ts'
import { Locator, type Position } from '../yaml/locate.ts'
import { readEvents } from '../yaml/read.ts'
import { resolvePlain, resolveTagged, Unresolvable } from '../yaml/scalars.ts'
import { isCollectionTag, tagOfType } from '../yaml/tags.ts'
import { YamlFloat, YamlTimestamp } from '../yaml/values.ts'
import { parseInstant } from './parse-instant.ts'

export type { Position } from '../yaml/locate.ts'

export type Located = LocatedScalar | LocatedSequence | LocatedMapping

export interface LocatedScalar {
  readonly kind: 'scalar'
  readonly at: Position
  /** As PyYAML resolves it: text, number (bigint beyond 2^53), truth value, null, Date, or what else a tag made. */
  readonly value: unknown
}

export interface LocatedSequence {
  readonly kind: 'sequence'
  readonly at: Position
  readonly items: Located[]
}

export interface LocatedMapping {
  readonly kind: 'mapping'
  readonly at: Position
  /** In the order of the file; keys are unique, merges (`<<`) resolved. */
  readonly entries: Map<string, LocatedEntry>
}

export interface LocatedEntry {
  /** Of the key. */
  readonly at: Position
  readonly value: Located
}

/** How a problem of the text is reported. */
export type ReportYaml = (code: 'yaml_syntax' | 'duplicate_key', at: Position, message: string) => void

/**
 * Reads one YAML document with the position of every key and value; aliases and merge keys are followed. YAML 1.1,
 * as PyYAML reads it: what is `on` in a Repertoire configuration is `on` here. null: there is nothing to go on with,
 * and why has been reported.
 */
export function locateYaml(text: string, report: ReportYaml): Located | null {
  const locator = new Locator(text)
  const tree = new Tree(locator, report)
  const problem = readEvents(text, (event) => tree.take(event))
  if (problem === null) return tree.root
  report('yaml_syntax', locator.position(problem.offset), problem.message)
  return null
}

interface Frame {
  readonly node: LocatedSequence | LocatedMapping
  readonly anchor: string | null
  /** The key whose value comes next; its name is null if it is not text. */
  key: { readonly name: string | null; readonly at: Position } | null
  readonly merges: Located[]
}

class Tree {
  root: Located | null = null
  readonly #locator: Locator
  readonly #report: ReportYaml
  readonly #frames: Frame[] = []
  /** undefined: the collection is still open, and an alias to it would be a circle. */
  readonly #anchors = new Map<string, Located | undefined>()

  constructor(locator: Locator, report: ReportYaml) {
    this.#locator = locator
    this.#report = report
  }

  take(event: YamlEvent): void {
    if (event.type === 'end') {
      this.#close()
      return
    }
    const at = this.#locator.position(event.offset)
    if (event.type === 'scalar') {
      const node: Located = { kind: 'scalar', at, value: this.#resolve(event, at) }
      if (event.anchor !== null) this.#anchors.set(event.anchor, node)
      this.#add(node, event.text)
    } else if (event.type === 'alias') this.#add(this.#follow(event.name, at), null)
    else this.#open(event, at)
  }

  #open({ type, anchor, tag }: Extract<YamlEvent, { type: 'list' | 'map' }>, at: Position): void {
    if (tag !== null && !isCollectionTag(tag, type)) {
      this.#report('yaml_syntax', at, 'the tag here has no meaning in an environment file')
    }
    const node: LocatedSequence | LocatedMapping =
      type === 'list' ? { kind: 'sequence', at, items: [] } : { kind: 'mapping', at, entries: new Map() }
    if (anchor !== null) this.#anchors.set(anchor, undefined)
    this.#frames.push({ node, anchor, key: null, merges: [] })
  }

  #close(): void {
    const frame = this.#frames.pop()
    if (frame === undefined) return
    if (frame.node.kind === 'mapping') this.#merge(frame.node, frame.merges)
    if (frame.anchor !== null) this.#anchors.set(frame.anchor, frame.node)
    this.#add(frame.node, null)
  }

  /** `name` is the text of a scalar, in case it is a key. */
  #add(node: Located, name: string | null): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined) this.root = node
    else if (frame.node.kind === 'sequence') frame.node.items.push(node)
    else if (frame.key === null) frame.key = { name, at: node.at }
    else {
      const { name: key, at } = frame.key
      frame.key = null
      if (key === '<<') frame.merges.push(node)
      else this.#enter(frame.node, key, { at, value: node })
    }
  }

  #enter(node: LocatedMapping, name: string | null, entry: LocatedEntry): void {
    const first = name === null ? undefined : node.entries.get(name)
    if (name === null) this.#report('yaml_syntax', entry.at, 'a key must be plain text')
    else if (first === undefined) node.entries.set(name, entry)
    else this.#report('duplicate_key', entry.at, `the key ${JSON.stringify(name)} is in line ${first.at.line} already`)
  }

  /** What is merged never replaces what is there; of a list the first one wins, of several `<<` the last one. */
  #merge(node: LocatedMapping, merges: readonly Located[]): void {
    for (const merge of merges.toReversed()) {
      for (const merged of merge.kind === 'sequence' ? merge.items : [merge]) {
        if (merged.kind === 'mapping') {
          for (const [name, entry] of merged.entries) if (!node.entries.has(name)) node.entries.set(name, entry)
        } else {
          this.#report('yaml_syntax', merged.at, 'only mappings can be merged by "<<"')
        }
      }
    }
  }

  #follow(anchor: string, at: Position): Located {
    const node = this.#anchors.get(anchor)
    if (node !== undefined) return node
    const why = this.#anchors.has(anchor)
      ? 'it lies inside what it stands for'
      : `there is no anchor &${anchor} before it`
    this.#report('yaml_syntax', at, `the alias *${anchor} leads nowhere: ${why}`)
    return { kind: 'scalar', at, value: null }
  }

  #resolve({ tag, text, plain }: Extract<YamlEvent, { type: 'scalar' }>, at: Position): unknown {
    const isImplicit = tag === '!' || (tag === null && plain)
    const value = isImplicit ? resolvePlain(text) : tag === null ? text : resolveTagged(tagOfType(tag), text)
    if (value instanceof YamlFloat) return value.value
    if (value instanceof YamlTimestamp) return parseInstant(value.text)
    if (value !== undefined && !(value instanceof Unresolvable)) return value
    const reason = value === undefined ? 'has a tag without a meaning in an environment file' : value.reason
    this.#report('yaml_syntax', at, `the value here ${reason}`)
    return null
  }
}
