/** Base64 (RFC 4648 §4) in pieces that may be cut anywhere, with blanks and line ends between. */
export class Base64Decoder {
  /** Up to three characters that wait for a fourth. */
  #rest = ''
  #ended = false

  /** The bytes of a piece; a text: what is wrong with it. */
  decode(piece: string): Buffer | string {
    const digits = this.#rest + piece.replace(BLANKS, '')
    if (digits === '') return Buffer.alloc(0)
    if (this.#ended) return 'there is more base64 after its end'
    const wrong = WRONG.exec(digits)
    if (wrong !== null) return `${JSON.stringify(wrong[0])} is not a character of base64`
    const padding = digits.indexOf('=')
    if (padding !== -1 && !/^={1,2}$/.test(digits.slice(padding))) return 'there is more base64 after its end'
    const whole = digits.length - (digits.length % 4)
    this.#rest = digits.slice(whole)
    this.#ended = padding !== -1 && this.#rest === ''
    return Buffer.from(digits.slice(0, whole), 'base64')
  }

  /** The last bytes; a text: what is wrong. The padding may be missing. */
  end(): Buffer | string {
    const digits = this.#rest.replaceAll('=', '')
    if (digits.length === 1) return 'the base64 breaks off'
    return Buffer.from(digits, 'base64')
  }
}

const BLANKS = /[ \t\r\n]+/g
const WRONG = /[^A-Za-z0-9+/=]/u
