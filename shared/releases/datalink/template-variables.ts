import { abridge } from '../../yaml/values.ts'

export interface TemplateVariable {
  readonly name: string
  /** Of its first `$`, in UTF-16 units. */
  readonly offset: number
}

export interface TemplateReading {
  /** Text as it comes out, and variables, in their order. */
  readonly parts: readonly (string | TemplateVariable)[]
  readonly variables: readonly TemplateVariable[]
  readonly faults: readonly { readonly offset: number; readonly message: string }[]
}

/** An escape, or what stands between two dollars on one line. */
const TOKEN = /\\([\\$])|\$([^$\r\n]*)(\$?)/g
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Reads a StringTemplate with `$` as its delimiter. `\$` is a dollar, `$! … !$` a comment. Anything but a plain name
 * between dollars is refused: snippets have no use for StringTemplate's conditions and functions.
 */
export function readTemplate(text: string): TemplateReading {
  const parts: (string | TemplateVariable)[] = []
  const faults: { offset: number; message: string }[] = []
  const lastCommentEnd = text.lastIndexOf('!$')
  const tokens = new RegExp(TOKEN)
  let done = 0
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const { 0: token, 1: escaped, 2: inner = '', 3: end, index: offset } = match
    const name = inner.trim()
    parts.push(text.slice(done, offset))
    if (escaped !== undefined) {
      parts.push(escaped)
    } else if (inner.startsWith('!') && offset + 2 <= lastCommentEnd) {
      tokens.lastIndex = text.indexOf('!$', offset + 2) + 2
    } else if (end === '') {
      faults.push({ offset, message: 'this $ begins a variable that does not end; a dollar is written \\$' })
    } else if (NAME.test(name)) {
      parts.push({ name, offset })
    } else faults.push({ offset, message: `${abridge(token)} is not a variable: expected a name between the dollars` })
    done = tokens.lastIndex
  }
  parts.push(text.slice(done))
  return { parts, variables: parts.filter((part) => typeof part !== 'string'), faults }
}
