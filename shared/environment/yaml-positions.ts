import {
  constructFromEvents,
  type DocumentEvent,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAML11_SCHEMA,
  YAMLException,
} from 'js-yaml'
import { resolvePlain, Unresolvable } from '../felis/yaml/scalars.ts'
import { YamlFloat, YamlTimestamp } from '../felis/yaml/values.ts'
import { parseInstant } from './parse-instant.ts'

/** 1-based. */
export interface Position {
  readonly line: number
  readonly column: number
}

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
 * and `report` has been told why.
 */
export function locateYaml(text: string, report: ReportYaml): Located | null {
  const source = text.replace(/^\uFEFF/, '')
  try {
    return new EventReader(source, report).read(parseEvents(source, {}))
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const at = { line: (error.mark?.line ?? 0) + 1, column: (error.mark?.column ?? 0) + 1 }
    // The whole message would quote the lines around, and they may hold a password.
    report('yaml_syntax', at, `not valid YAML: ${error.reason}`)
    return null
  }
}

const NOTHING = -1
const POP: Event = { type: EVENT_ID.POP }

/** Builds the tree by recursion; the parser has limited the depth. */
class EventReader {
  readonly #source: string
  readonly #report: ReportYaml
  readonly #lineStarts: readonly number[]
  readonly #anchors = new Map<string, Located>()
  /** Collections that are being read: an alias to one of them would be a circle. */
  readonly #open = new Set<Located>()
  #events: Iterator<Event> = [][Symbol.iterator]()
  #document: DocumentEvent | undefined

  constructor(source: string, report: ReportYaml) {
    this.#source = source
    this.#report = report
    this.#lineStarts = [0, ...[...source.matchAll(/\r\n?|\n/g)].map((match) => match.index + match[0].length)]
  }

  read(events: readonly Event[]): Located | null {
    const start = { line: 1, column: 1 }
    if (events.length === 0) {
      this.#report('yaml_syntax', start, 'the file is empty')
      return null
    }
    this.#events = events.values()
    const first = this.#next()
    if (first.type === EVENT_ID.DOCUMENT) this.#document = first
    const root = this.#node(this.#next(), start)
    this.#next()
    if (this.#events.next().done !== true) {
      this.#report('yaml_syntax', start, 'the file holds several YAML documents; it must hold one')
    }
    return root
  }

  #next(): Event {
    const { value, done } = this.#events.next()
    if (done === true) throw new RangeError('the YAML parser stopped in the middle of a document')
    return value
  }

  #node(event: Event, fallback: Position): Located {
    switch (event.type) {
      case EVENT_ID.MAPPING:
        return this.#mapping(event)
      case EVENT_ID.SEQUENCE:
        return this.#sequence(event)
      case EVENT_ID.SCALAR: {
        const at = this.#startOf(event, fallback)
        return this.#remember(event, { kind: 'scalar', at, value: this.#resolve(event, at) })
      }
      case EVENT_ID.ALIAS:
        return this.#follow(this.#source.slice(event.anchorStart, event.anchorEnd), this.#at(event.anchorStart - 1))
      default:
        // An empty document ends where its content should be.
        return { kind: 'scalar', at: fallback, value: null }
    }
  }

  #sequence(event: Extract<Event, { start: number }>): LocatedSequence {
    const node: LocatedSequence = { kind: 'sequence', at: this.#at(event.start), items: [] }
    this.#remember(event, node)
    this.#open.add(node)
    for (let item = this.#next(); item.type !== EVENT_ID.POP; item = this.#next()) {
      node.items.push(this.#node(item, node.at))
    }
    this.#open.delete(node)
    return node
  }

  #mapping(event: Extract<Event, { start: number }>): LocatedMapping {
    const node: LocatedMapping = { kind: 'mapping', at: this.#at(event.start), entries: new Map() }
    this.#remember(event, node)
    this.#open.add(node)
    const merges: Located[] = []
    for (let key = this.#next(); key.type !== EVENT_ID.POP; key = this.#next()) {
      const at = this.#node(key, node.at).at
      const name = key.type === EVENT_ID.SCALAR ? getScalarValue(this.#source, key) : null
      const value = this.#node(this.#next(), at)
      if (name === '<<') merges.push(value)
      else this.#enter(node, name, { at, value })
    }
    this.#merge(node, merges)
    this.#open.delete(node)
    return node
  }

  #enter(node: LocatedMapping, name: string | null, entry: LocatedEntry): void {
    const first = name === null ? undefined : node.entries.get(name)
    if (name === null) this.#report('yaml_syntax', entry.at, 'a key must be plain text')
    else if (first === undefined) node.entries.set(name, entry)
    else this.#report('duplicate_key', entry.at, `the key ${JSON.stringify(name)} is in line ${first.at.line} already`)
  }

  /** What is merged never replaces what is there; of several merges the first one wins. */
  #merge(node: LocatedMapping, merges: readonly Located[]): void {
    for (const merged of merges.flatMap((merge) => (merge.kind === 'sequence' ? merge.items : [merge]))) {
      if (merged.kind === 'mapping') {
        for (const [name, entry] of merged.entries) if (!node.entries.has(name)) node.entries.set(name, entry)
      } else {
        this.#report('yaml_syntax', merged.at, 'only mappings can be merged by "<<"')
      }
    }
  }

  #remember<T extends Located>(event: { readonly anchorStart: number; readonly anchorEnd: number }, node: T): T {
    if (event.anchorStart !== NOTHING) {
      this.#anchors.set(this.#source.slice(event.anchorStart, event.anchorEnd), node)
    }
    return node
  }

  #follow(anchor: string, at: Position): Located {
    const node = this.#anchors.get(anchor)
    if (node !== undefined && !this.#open.has(node)) return node
    const why = node === undefined ? `there is no anchor &${anchor} before it` : 'it lies inside what it stands for'
    this.#report('yaml_syntax', at, `the alias *${anchor} leads nowhere: ${why}`)
    return { kind: 'scalar', at, value: null }
  }

  #resolve(event: ScalarEvent, at: Position): unknown {
    if (event.tagStart !== NOTHING) return this.#resolveTagged(event)
    const text = getScalarValue(this.#source, event)
    const value = event.style === SCALAR_STYLE.PLAIN ? resolvePlain(text) : text
    if (value instanceof YamlFloat) return value.value
    if (value instanceof YamlTimestamp) return parseInstant(value.text)
    if (!(value instanceof Unresolvable)) return value
    this.#report('yaml_syntax', at, `the value here ${value.reason}`)
    return null
  }

  /** A scalar alone makes a document, of which the library says what its tag makes of it. */
  #resolveTagged(event: ScalarEvent): unknown {
    const directives = this.#document === undefined ? [] : this.#document.directives
    const document: Event = { type: EVENT_ID.DOCUMENT, explicitStart: false, explicitEnd: false, directives }
    return constructFromEvents([document, event, POP], { source: this.#source, schema: YAML11_SCHEMA })[0]
  }

  #startOf(event: ScalarEvent, fallback: Position): Position {
    if (event.valueStart === NOTHING) return fallback
    const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
    return this.#at(quoted ? event.valueStart - 1 : event.valueStart)
  }

  #at(offset: number): Position {
    const line = this.#lineStarts.findLastIndex((start) => start <= offset)
    return { line: line + 1, column: offset - (this.#lineStarts[line] ?? 0) + 1 }
  }
}
