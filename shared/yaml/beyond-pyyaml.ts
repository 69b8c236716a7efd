import { SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import { misplacedTab } from './gap.ts'
import { YamlError } from './yaml-error.ts'

/** PyYAML gives up looking for a `:` after so many characters. */
const LONGEST_KEY = 1024

/** What js-yaml takes between a key and its colon, and PyYAML does not. */
export function checkKey(text: string, start: number, colon: number, isFlow: boolean): void {
  if (colon - start > LONGEST_KEY) {
    throw syntax(start, `this key has more than ${LONGEST_KEY} characters; write a '?' before it, or a shorter one`)
  }
  if (isFlow && /[\r\n]/.test(text.slice(start, colon))) {
    throw syntax(start, "a key and its ':' must be in one line")
  }
}

/** A mapping cannot begin in the line of its key, even behind an anchor or a tag. */
export function checkOwnLine(text: string, colon: number, start: number): void {
  if (/[\r\n]/.test(text.slice(colon, start))) return
  throw syntax(start, 'a mapping cannot begin in the line of its key; write text with a colon in it in quotes')
}

/** PyYAML knows letters, digits, - and _ in the names of anchors, and wants a space behind them. */
export function checkAnchor(text: string, start: number, end: number): void {
  const name = text.slice(start, end)
  if (/^[0-9A-Za-z_-]+$/.test(name) && !/[[{]/.test(text.charAt(end))) return
  throw syntax(start - 1, 'the name of an anchor has only letters, digits, - and _, with a space behind it')
}

export function checkDirective(text: string, start: number): void {
  if (!/^%[0-9A-Za-z_-]+(?:[ \r\n]|$)/.test(text.slice(start, start + 80))) {
    throw new YamlError(start, 'yaml_directive', 'not valid YAML: this directive has no proper name')
  }
}

/** What js-yaml takes in text, and PyYAML does not, or takes for something else. */
export function checkScalar(text: string, scalar: ScalarEvent, isFlow: boolean): void {
  const { style, valueStart, valueEnd, fast, indent } = scalar
  if (style === SCALAR_STYLE.PLAIN) checkPlain(text, valueStart, valueEnd, isFlow)
  else if (style === SCALAR_STYLE.DOUBLE_QUOTED && !fast) checkEscapes(text, valueStart, valueEnd)
  else if (indent === 0 && valueEnd > valueStart) {
    throw syntax(valueStart, 'a block of text must be indented by a space at least')
  }
}

function checkPlain(text: string, start: number, end: number, isFlow: boolean): void {
  const plain = text.slice(start, end)
  const tab = plain.indexOf('\t')
  if (tab !== -1) throw misplacedTab(text, start + tab)
  if (!isFlow) return
  const question = plain.startsWith(':') ? 0 : plain.indexOf('?')
  if (question === -1) return
  throw syntax(start + question, `in brackets, text with '${plain.charAt(question)}' here must be in quotes`)
}

const ESCAPE = /\\(?:U(?<wide>[0-9A-Fa-f]{8})|(?<gap>\r?\n[ \t]*[\r\n])|[\s\S])/g

function checkEscapes(text: string, start: number, end: number): void {
  for (const { index, groups } of text.slice(start, end).matchAll(ESCAPE)) {
    if (groups?.wide !== undefined && Number.parseInt(groups.wide, 16) > 0x10ffff) {
      throw syntax(start + index, `\\U${groups.wide} is not a character of Unicode`)
    }
    if (groups?.gap !== undefined) {
      throw syntax(
        start + index,
        'an empty line after a backslash means different things to readers of YAML; write \\n',
      )
    }
  }
}

function syntax(offset: number, message: string): YamlError {
  return new YamlError(offset, 'yaml_syntax', `not valid YAML: ${message}`)
}
