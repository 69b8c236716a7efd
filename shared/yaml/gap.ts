import { YamlError } from './yaml-error.ts'

const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const HASH = 0x23
const DASH = 0x2d
const COLON = 0x3a
const QUESTION = 0x3f
const FOLDED = 0x3e
const LITERAL = 0x7c
const BYTE_ORDER_MARK = 0xfeff

const NOWHERE = -1

/** A comment that looks like an id: `- #visit.ra`. */
const ID_COMMENT = /[ \t]+(#[^\s#!]\S*)[ \t]*(?=$|[\r\n]| #)/y

/**
 * What lies between the values of a document: white space, comments and indicators. The parser reports the values
 * alone, so this walks over the rest, once.
 */
export class Gap {
  readonly #text: string
  /** Everything before has been passed. */
  at = 0
  /** Of what was passed last: the first colon, question mark and header of a block, the first line break; -1: none. */
  colon = NOWHERE
  question = NOWHERE
  header = NOWHERE
  lineBreak = NOWHERE

  constructor(text: string) {
    this.#text = text
    if (text.startsWith('\ufeff')) this.at = 1
  }

  /** Passes everything before `end`. */
  pass(end: number): void {
    this.#start()
    while (this.at < end) this.#step()
  }

  /** Passes everything up to the dash of an item of a block list, whose dashes are in this column, and the dash. */
  passDash(column: number): number {
    this.#start()
    for (;;) {
      if (this.#text.charCodeAt(this.at) === DASH && this.#columnOf(this.at) === column) return this.at++
      if (this.at >= this.#text.length) return this.at
      this.#step()
    }
  }

  /** Passes everything up to the `?` of a key that is empty, or to its colon, and that; where it is. */
  passKeyMark(): number {
    this.#start()
    while (this.at < this.#text.length && this.question === NOWHERE && this.colon === NOWHERE) this.#step()
    return Math.max(this.question, this.colon)
  }

  isAtLineStart(): boolean {
    const before = this.#text.charCodeAt(this.at - 1)
    return this.at === 0 || before === LINE_FEED || before === CARRIAGE_RETURN || before === BYTE_ORDER_MARK
  }

  /** Passes the mark of a document's end. */
  passDocumentEnd(): boolean {
    const isEnd = this.isAtLineStart() && /^\.\.\.(?:[ \t\r\n]|$)/.test(this.#text.slice(this.at, this.at + 4))
    if (isEnd) this.at += 3
    return isEnd
  }

  /** Passes the rest of a line. */
  passLine(): void {
    this.#skipComment()
  }

  /** Passes white space, comments and the colon behind a key, if there is one; in brackets it needs no space. */
  passColon(isFlow: boolean): void {
    const { at } = this
    this.passFiller()
    if (this.#text.charCodeAt(this.at) === COLON && (isFlow || !/\S/.test(this.#text.charAt(this.at + 1)))) this.#step()
    // What follows is another entry, which looks at the line breaks before it.
    else this.at = at
  }

  /** Passes white space and comments. */
  passFiller(): void {
    this.#start()
    while (this.at < this.#text.length && this.#isFiller()) this.#step()
  }

  /** The comment right behind what was passed, if it looks like an id; null: there is none. */
  idComment(): string | null {
    ID_COMMENT.lastIndex = this.at
    return ID_COMMENT.exec(this.#text)?.[1] ?? null
  }

  #start(): void {
    this.colon = NOWHERE
    this.question = NOWHERE
    this.header = NOWHERE
    this.lineBreak = NOWHERE
  }

  #isFiller(): boolean {
    const code = this.#text.charCodeAt(this.at)
    return code === SPACE || code === HASH || code === LINE_FEED || code === CARRIAGE_RETURN || code === TAB
  }

  #step(): void {
    const { at } = this
    this.at += 1
    switch (this.#text.charCodeAt(at)) {
      case TAB:
        throw this.#misplacedTab(at)
      case HASH:
        this.#skipComment()
        break
      case LINE_FEED:
      case CARRIAGE_RETURN:
        if (this.lineBreak === NOWHERE) this.lineBreak = at
        break
      case COLON:
        if (this.colon === NOWHERE) this.colon = at
        break
      case QUESTION:
        if (this.question === NOWHERE) this.question = at
        break
      case LITERAL:
      case FOLDED:
        if (this.header === NOWHERE) this.header = at
    }
  }

  #skipComment(): void {
    let code = this.#text.charCodeAt(this.at)
    while (this.at < this.#text.length && code !== LINE_FEED && code !== CARRIAGE_RETURN) {
      this.at += 1
      code = this.#text.charCodeAt(this.at)
    }
  }

  #columnOf(offset: number): number {
    return offset - lineStartOf(this.#text, offset)
  }

  #misplacedTab(offset: number): YamlError {
    return misplacedTab(this.#text, offset)
  }
}

export function lineStartOf(text: string, offset: number): number {
  let start = offset
  while (start > 0 && text.charCodeAt(start - 1) !== LINE_FEED && text.charCodeAt(start - 1) !== CARRIAGE_RETURN) {
    start -= 1
  }
  return start
}

/** What to say of a tab outside quotes and blocks of text. */
export function misplacedTab(text: string, offset: number): YamlError {
  const indents = text.slice(lineStartOf(text, offset), offset).trim() === ''
  const message = indents
    ? 'a tab cannot indent in YAML; use spaces'
    : 'a tab cannot stand here in YAML; use spaces, or write text that has one in quotes'
  return new YamlError(offset, 'yaml_syntax', `not valid YAML: ${message}`)
}
