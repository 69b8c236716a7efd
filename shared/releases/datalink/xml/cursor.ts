/** A text that is not XML, from this offset on. */
export class XmlError extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

/** XML 1.0 (fifth edition) §2.3 [4] and [4a]. */
const NAME_START =
  ':A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}'
const NAME_PATTERN = `[${NAME_START}][${NAME_START}\\-.0-9\\xB7\\u0300-\\u036F\\u203F\\u2040]*`
const NAME = new RegExp(NAME_PATTERN, 'uy')
const WHOLE_NAME = new RegExp(`^${NAME_PATTERN}$`, 'u')
const SPACE = /[ \t\r\n]*/y

/** A place in an XML text. */
export class XmlCursor {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
    if (text.startsWith('\ufeff')) this.at = 1
  }

  static isName(text: string): boolean {
    return WHOLE_NAME.test(text)
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  sees(expected: string): boolean {
    return this.text.startsWith(expected, this.at)
  }

  take(expected: string): void {
    if (!this.sees(expected)) throw new XmlError(this.at, `expected ${JSON.stringify(expected)}`)
    this.at += expected.length
  }

  /** @param what says what is expected, in an error */
  takeName(what: string): string {
    NAME.lastIndex = this.at
    const name = NAME.exec(this.text)?.[0]
    if (name === undefined) throw new XmlError(this.at, `expected ${what}`)
    this.at += name.length
    return name
  }

  /** Passes white space and says whether there was any. */
  skipSpace(): boolean {
    SPACE.lastIndex = this.at
    const length = SPACE.exec(this.text)?.[0].length ?? 0
    this.at += length
    return length > 0
  }

  takeUntil(end: string): { readonly offset: number; readonly text: string } {
    const offset = this.at
    const found = this.text.indexOf(end, offset)
    this.at = found === -1 ? this.text.length : found
    return { offset, text: this.text.slice(offset, this.at) }
  }

  /** What stands between the two, both of which are passed. */
  takeBetween(start: string, end: string, what: string): string {
    const offset = this.at
    this.take(start)
    const { text } = this.takeUntil(end)
    if (this.atEnd) throw new XmlError(offset, `${what} is never closed with ${end}`)
    this.at += end.length
    return text
  }
}
