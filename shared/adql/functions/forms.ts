import type { FunctionRow, Signature } from './row.ts'

/**
 * The signatures of a function as the capabilities document declares them (TAPRegExt §2.3):
 * `ivo_hasword(haystack TEXT, needle TEXT) -> INTEGER`. Optional parameters stand in square brackets.
 */
export function declaredForms(row: FunctionRow): string[] {
  return row.signatures.map((signature) => declaredForm(row.name, signature))
}

function declaredForm(name: string, { parameters, optional = 0, repeats = 0, returns }: Signature): string {
  const words = parameters.map(({ name: parameter, type }) => `${parameter} ${type}`)
  const needed = words.slice(0, words.length - optional).join(', ')
  const others = words
    .slice(words.length - optional)
    .map((word, index) => (needed === '' && index === 0 ? word : `, ${word}`))
  const bracketed = others.length === 0 ? '' : `[${others.join('')}]`
  return `${name}(${needed}${bracketed}${repeats > 0 ? ', …' : ''}) -> ${returns}`
}
