/** One line start in so many is remembered; the others are found again from there. */
const STRIDE = 64

/** The lines of a text, looked up by offset in little memory however many there are. Breaks are LF, CR and CR LF. */
export class Lines {
  readonly #text: string
  /** Where the lines 0, 64, 128 … begin, as far as anybody has asked. */
  readonly #starts: number[]
  /** Where the last look ended: a line start behind the last one remembered. */
  #line = 0
  #start: number
  /** The line start after that; null: there is none. */
  #next: number | null

  constructor(text: string) {
    this.#text = text
    this.#start = text.startsWith('\ufeff') ? 1 : 0
    this.#starts = [this.#start]
    this.#next = nextLine(text, this.#start)
  }

  /** The line that an offset is in, from 0, and where it begins. */
  at(offset: number): { readonly line: number; readonly start: number } {
    while (this.#next !== null && this.#next <= offset) {
      this.#start = this.#next
      this.#next = nextLine(this.#text, this.#start)
      this.#line += 1
      if (this.#line % STRIDE === 0) this.#starts.push(this.#start)
    }
    if (this.#start <= offset) return { line: this.#line, start: this.#start }
    const index = Math.max(
      0,
      this.#starts.findLastIndex((start) => start <= offset),
    )
    let line = index * STRIDE
    let start = this.#starts[index] ?? 0
    for (let next = nextLine(this.#text, start); next !== null && next <= offset; next = nextLine(this.#text, start)) {
      start = next
      line += 1
    }
    return { line, start }
  }
}

const BREAK = /\r\n?|\n/g

function nextLine(text: string, start: number): number | null {
  BREAK.lastIndex = start
  return BREAK.test(text) ? BREAK.lastIndex : null
}
