/** Text that is not YAML, with the offset at which that shows. */
export class YamlError extends Error {
  readonly offset: number
  readonly code: string

  constructor(offset: number, code: string, message: string) {
    super(message)
    this.offset = offset
    this.code = code
  }
}

export const END = 0
export const SPACE = 0x20
export const HASH = 0x23
const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const NEXT_LINE = 0x85
const LINE_SEPARATOR = 0x2028
const PARAGRAPH_SEPARATOR = 0x2029

export function isBreak(code: number): boolean {
  if (code < NEXT_LINE) return code === LINE_FEED || code === CARRIAGE_RETURN
  return code === NEXT_LINE || code === LINE_SEPARATOR || code === PARAGRAPH_SEPARATOR
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

/** Whether a word is over before this character: white space, a line's end or the text's. */
export function endsWord(code: number): boolean {
  return code === SPACE || code === END || code === TAB || isBreak(code)
}

export function isWordCharacter(code: number): boolean {
  if (code >= 0x61) return code <= 0x7a
  if (code >= 0x41) return code <= 0x5a || code === 0x5f
  return (code >= 0x30 && code <= 0x39) || code === 0x2d
}

/** A place in a text; every character of YAML 1.1 that breaks a line does so here. */
export class Cursor {
  /** Ends with a NUL, which no YAML text may hold. */
  readonly text: string
  at = 0
  line = 0
  lineStart = 0

  constructor(text: string) {
    this.text = `${text}\0`
    if (text.startsWith('\ufeff')) {
      this.at = 1
      this.lineStart = 1
    }
  }

  get column(): number {
    return this.at - this.lineStart
  }

  peek(ahead = 0): number {
    return this.text.charCodeAt(this.at + ahead)
  }

  skipSpaces(): void {
    while (this.text.charCodeAt(this.at) === SPACE) this.at++
  }

  skipToBreak(): void {
    let code = this.text.charCodeAt(this.at)
    while (code !== END && !isBreak(code)) code = this.text.charCodeAt(++this.at)
  }

  /** Passes one line break and says what it is worth in text: `\n`, or a separator of Unicode. '': there is none. */
  breakLine(): string {
    const code = this.text.charCodeAt(this.at)
    if (!isBreak(code)) return ''
    this.at += code === CARRIAGE_RETURN && this.text.charCodeAt(this.at + 1) === LINE_FEED ? 2 : 1
    this.line += 1
    this.lineStart = this.at
    return code === LINE_SEPARATOR || code === PARAGRAPH_SEPARATOR ? String.fromCharCode(code) : '\n'
  }

  /** Whether `---` or `...` stands here; it only counts at the start of a line. */
  atDocumentMark(): boolean {
    const code = this.peek()
    if (code !== 0x2d && code !== 0x2e) return false
    return this.peek(1) === code && this.peek(2) === code && endsWord(this.peek(3))
  }

  fail(message: string, offset = this.at): never {
    throw new YamlError(offset, 'yaml_syntax', `not YAML: ${message}`)
  }

  /** The character here, for a message. */
  describe(): string {
    const code = this.peek()
    if (code === END) return 'the end of the file'
    if (code === TAB) return 'a tab'
    return isBreak(code) ? 'the end of the line' : `'${String.fromCodePoint(this.text.codePointAt(this.at) ?? 0)}'`
  }
}
