import { Cursor, endsWord, HASH, YamlError } from './cursor.ts'
import { type Directive, scanDirective } from './scan-directive.ts'
import { scanBlock, scanPlain, scanQuoted } from './scan-scalar.ts'
import { scanAnchor, scanTag, type WrittenTag } from './scan-tag.ts'

/** The words that YAML's grammar is made of, and how they are called in messages. */
export const TOKEN = {
  streamEnd: 'the end of the file',
  directive: 'a directive',
  documentStart: '---',
  documentEnd: '...',
  listStart: 'a list',
  mapStart: 'a mapping',
  blockEnd: 'the end of a block',
  flowListStart: '[',
  flowListEnd: ']',
  flowMapStart: '{',
  flowMapEnd: '}',
  entry: '-',
  flowEntry: ',',
  key: '?',
  value: ':',
  alias: 'an alias',
  anchor: 'an anchor',
  tag: 'a tag',
  scalar: 'a value',
} as const

export type TokenKind = (typeof TOKEN)[keyof typeof TOKEN]

export interface Token {
  readonly kind: TokenKind
  readonly offset: number
  /** Of scalars, aliases and anchors. */
  readonly text: string
  /** Of scalars: written without quotes and not as a block. */
  readonly plain: boolean
  readonly tag: WrittenTag | null
  readonly directive: Directive | null
}

/** A place where a key may have begun without a `?`: it shows only at the `:` behind it. */
interface SimpleKey {
  readonly tokenNumber: number
  readonly required: boolean
  readonly at: number
  readonly line: number
  readonly column: number
}

/** Ten times what the largest schema has. */
const MOST_TOKENS = 600_000

/** PyYAML gives up looking for a `:` after so many characters. */
const LONGEST_SIMPLE_KEY = 1024

/**
 * Cuts text into tokens by the rules of PyYAML's scanner, which are those of YAML 1.1 with less of it: tabs do not
 * separate, brackets and quotes are free of indentation, keys are short and on one line.
 */
export class Scanner {
  readonly #cursor: Cursor
  /** Tokens before `#head` have been taken. */
  #tokens: Token[] = []
  #head = 0
  /** How many tokens were taken before those of `#tokens`. */
  #passed = 0
  #next: Token | undefined
  #isDone = false
  #flowLevel = 0
  #indent = -1
  readonly #indents: number[] = []
  #allowSimpleKey = true
  /** By flow level. */
  readonly #simpleKeys: (SimpleKey | undefined)[] = []

  constructor(text: string) {
    this.#cursor = new Cursor(text)
  }

  /** The next token; it is settled once there can be no key before it any more. */
  peek(): Token {
    if (this.#next !== undefined) return this.#next
    while (this.#needsMore()) this.#fetch()
    const token = this.#tokens[this.#head]
    if (token === undefined) throw new RangeError('there is no token after the end of the file')
    this.#next = token
    return token
  }

  take(): Token {
    const token = this.peek()
    if (token.kind === TOKEN.streamEnd) return token
    this.#next = undefined
    this.#head += 1
    if (this.#passed > MOST_TOKENS) {
      throw new YamlError(token.offset, 'yaml_size', `the file has more than ${MOST_TOKENS} words of YAML`)
    }
    return token
  }

  #needsMore(): boolean {
    if (this.#isDone) return false
    if (this.#head === this.#tokens.length) {
      this.#passed += this.#head
      this.#head = 0
      this.#tokens = []
      return true
    }
    this.#dropStaleKeys()
    const next = this.#passed + this.#head
    for (let level = 0; level <= this.#flowLevel; level++) {
      if (this.#simpleKeys[level]?.tokenNumber === next) return true
    }
    return false
  }

  #fetch(): void {
    const cursor = this.#cursor
    this.#skipToToken()
    this.#dropStaleKeys()
    this.#unwind(cursor.column)
    const character = cursor.text.charAt(cursor.at)
    const isFollowed = !endsWord(cursor.peek(1))
    if (this.#fetchIndicator(character, isFollowed)) return
    const mayFollow = this.#flowLevel > 0 ? '-' : '-?:'
    if (
      endsWord(cursor.peek()) ||
      ('-?:,[]{}#&*!|>\'"%@`'.includes(character) && !(isFollowed && mayFollow.includes(character)))
    ) {
      cursor.fail(`a value cannot begin with ${cursor.describe()}; write it in quotes if it is text`)
    }
    this.#fetchPlain()
  }

  /** Fetches the token that a character stands for by itself; false: it may begin plain text. */
  #fetchIndicator(character: string, isFollowed: boolean): boolean {
    const inFlow = this.#flowLevel > 0
    switch (character) {
      case '\0':
        return this.#fetchEnd()
      case '%':
        return this.#cursor.column === 0 && this.#fetchDirective()
      case '-':
        return this.#fetchMark(TOKEN.documentStart) || (!isFollowed && this.#fetchEntry())
      case '.':
        return this.#fetchMark(TOKEN.documentEnd)
      case '[':
        return this.#openFlow(TOKEN.flowListStart)
      case '{':
        return this.#openFlow(TOKEN.flowMapStart)
      case ']':
        return this.#closeFlow(TOKEN.flowListEnd)
      case '}':
        return this.#closeFlow(TOKEN.flowMapEnd)
      case ',':
        return this.#fetchFlowEntry()
      case '?':
        return (inFlow || !isFollowed) && this.#fetchKey()
      case ':':
        return (inFlow || !isFollowed) && this.#fetchValue()
      case '*':
        return this.#fetchWord(TOKEN.alias, scanAnchor)
      case '&':
        return this.#fetchWord(TOKEN.anchor, scanAnchor)
      case '!':
        return this.#fetchTag()
      case '|':
      case '>':
        return !inFlow && this.#fetchBlock()
      case "'":
      case '"':
        return this.#fetchWord(TOKEN.scalar, scanQuoted)
      default:
        return false
    }
  }

  #skipToToken(): void {
    const cursor = this.#cursor
    for (;;) {
      cursor.skipSpaces()
      if (cursor.peek() === HASH) cursor.skipToBreak()
      if (cursor.breakLine() === '') return
      if (this.#flowLevel === 0) this.#allowSimpleKey = true
    }
  }

  #push(kind: TokenKind, offset = this.#cursor.at, text = '', plain = false): void {
    this.#tokens.push({ kind, offset, text, plain, tag: null, directive: null })
  }

  #fetchEnd(): true {
    this.#endBlocks()
    this.#push(TOKEN.streamEnd)
    this.#isDone = true
    return true
  }

  #fetchMark(kind: TokenKind): boolean {
    if (this.#cursor.column > 0 || !this.#cursor.atDocumentMark()) return false
    this.#endBlocks()
    this.#push(kind)
    this.#cursor.at += 3
    return true
  }

  #fetchDirective(): true {
    this.#endBlocks()
    const offset = this.#cursor.at
    const directive = scanDirective(this.#cursor)
    this.#tokens.push({ kind: TOKEN.directive, offset, text: '', plain: false, tag: null, directive })
    return true
  }

  #endBlocks(): void {
    this.#unwind(-1)
    this.#dropSimpleKey()
    this.#allowSimpleKey = false
  }

  #openFlow(kind: TokenKind): true {
    this.#saveSimpleKey()
    this.#flowLevel += 1
    this.#allowSimpleKey = true
    this.#push(kind)
    this.#cursor.at += 1
    return true
  }

  #closeFlow(kind: TokenKind): true {
    if (this.#flowLevel === 0) this.#cursor.fail(`this ${kind} closes nothing`)
    this.#dropSimpleKey()
    this.#flowLevel -= 1
    this.#allowSimpleKey = false
    this.#push(kind)
    this.#cursor.at += 1
    return true
  }

  #fetchFlowEntry(): true {
    this.#allowSimpleKey = true
    this.#dropSimpleKey()
    this.#push(TOKEN.flowEntry)
    this.#cursor.at += 1
    return true
  }

  #fetchEntry(): true {
    if (this.#flowLevel === 0) this.#openBlock(TOKEN.listStart, 'a list cannot begin here')
    this.#allowSimpleKey = true
    this.#dropSimpleKey()
    this.#push(TOKEN.entry)
    this.#cursor.at += 1
    return true
  }

  #fetchKey(): true {
    if (this.#flowLevel === 0) this.#openBlock(TOKEN.mapStart, 'a key cannot begin here')
    this.#allowSimpleKey = this.#flowLevel === 0
    this.#dropSimpleKey()
    this.#push(TOKEN.key)
    this.#cursor.at += 1
    return true
  }

  #fetchValue(): true {
    const key = this.#simpleKeys[this.#flowLevel]
    if (key === undefined) {
      if (this.#flowLevel === 0)
        this.#openBlock(TOKEN.mapStart, "a ':' cannot be here; write text that has one in quotes")
      this.#allowSimpleKey = this.#flowLevel === 0
    } else {
      this.#simpleKeys[this.#flowLevel] = undefined
      const found = [keyToken(TOKEN.key, key.at)]
      if (this.#flowLevel === 0 && this.#addIndent(key.column)) found.unshift(keyToken(TOKEN.mapStart, key.at))
      this.#tokens.splice(key.tokenNumber - this.#passed, 0, ...found)
      this.#allowSimpleKey = false
    }
    this.#push(TOKEN.value)
    this.#cursor.at += 1
    return true
  }

  #openBlock(kind: TokenKind, complaint: string): void {
    if (!this.#allowSimpleKey) this.#cursor.fail(complaint)
    if (this.#addIndent(this.#cursor.column)) this.#push(kind)
  }

  #fetchWord(kind: TokenKind, scan: (cursor: Cursor) => string): true {
    this.#saveSimpleKey()
    this.#allowSimpleKey = false
    const offset = this.#cursor.at
    this.#push(kind, offset, scan(this.#cursor))
    return true
  }

  #fetchTag(): true {
    this.#saveSimpleKey()
    this.#allowSimpleKey = false
    const offset = this.#cursor.at
    const tag = scanTag(this.#cursor)
    this.#tokens.push({ kind: TOKEN.tag, offset, text: '', plain: false, tag, directive: null })
    return true
  }

  #fetchBlock(): true {
    this.#allowSimpleKey = true
    this.#dropSimpleKey()
    const offset = this.#cursor.at
    this.#push(TOKEN.scalar, offset, scanBlock(this.#cursor, this.#indent))
    return true
  }

  #fetchPlain(): void {
    this.#saveSimpleKey()
    const offset = this.#cursor.at
    const { value, crossedLine } = scanPlain(this.#cursor, this.#indent + 1, this.#flowLevel > 0)
    this.#allowSimpleKey = crossedLine
    this.#push(TOKEN.scalar, offset, value, true)
  }

  #addIndent(column: number): boolean {
    if (this.#indent >= column) return false
    this.#indents.push(this.#indent)
    this.#indent = column
    return true
  }

  #unwind(column: number): void {
    if (this.#flowLevel > 0) return
    while (this.#indent > column) {
      this.#indent = this.#indents.pop() ?? -1
      this.#push(TOKEN.blockEnd)
    }
  }

  /** Remembers that a key may begin here. */
  #saveSimpleKey(): void {
    if (!this.#allowSimpleKey) return
    this.#dropSimpleKey()
    const { at, line, column } = this.#cursor
    const required = this.#flowLevel === 0 && this.#indent === column
    this.#simpleKeys[this.#flowLevel] = { tokenNumber: this.#passed + this.#tokens.length, required, at, line, column }
  }

  #dropSimpleKey(): void {
    const key = this.#simpleKeys[this.#flowLevel]
    if (key === undefined) return
    if (key.required) this.#missingColon(key)
    this.#simpleKeys[this.#flowLevel] = undefined
  }

  #dropStaleKeys(): void {
    for (let level = 0; level <= this.#flowLevel; level++) {
      const key = this.#simpleKeys[level]
      if (key === undefined) continue
      const { line, at } = this.#cursor
      if (key.line === line && at - key.at <= LONGEST_SIMPLE_KEY) continue
      if (key.required) this.#missingColon(key)
      this.#simpleKeys[level] = undefined
    }
  }

  #missingColon(key: SimpleKey): never {
    this.#cursor.fail("expected ':' after this key", key.at)
  }
}

function keyToken(kind: TokenKind, offset: number): Token {
  return { kind, offset, text: '', plain: false, tag: null, directive: null }
}
