export interface TemplateVariable {
  readonly name: string
  /** Of its first `$`, in UTF-16 units. */
  readonly offset: number
}

export interface TemplateReading {
  readonly variables: readonly TemplateVariable[]
  readonly faults: readonly { readonly offset: number; readonly message: string }[]
}

/** An escape, a comment of StringTemplate, or what stands between two dollars on one line. */
const TOKEN = /\\[\\$]|\$!.*?!\$|\$([^$\r\n]*)(\$?)/gs
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * The `$variables$` of a StringTemplate with `$` as its delimiter. `\$` is a dollar. Anything but a plain name between
 * dollars is refused: snippets have no use for StringTemplate's conditions and functions.
 */
export function listVariables(text: string): TemplateReading {
  const variables: TemplateVariable[] = []
  const faults: { offset: number; message: string }[] = []
  for (const { 0: token, 1: inner, 2: end, index: offset } of text.matchAll(TOKEN)) {
    if (inner === undefined) continue
    const name = inner.trim()
    if (end === '')
      faults.push({ offset, message: 'this $ begins a variable that does not end; a dollar is written \\$' })
    else if (NAME.test(name)) variables.push({ name, offset })
    else faults.push({ offset, message: `${token} is not a variable: expected a name between the dollars` })
  }
  return { variables, faults }
}
