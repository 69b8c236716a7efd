import { isUnitName } from './names.ts'
import { parseUnit } from './parse-unit.ts'
import { suggestUnitName } from './suggest-unit-name.ts'
import { UnitError } from './token-cursor.ts'

export interface UnitProblem {
  /** What was found and why it is not a unit. */
  readonly message: string
  /** The name of a unit that was probably meant. */
  readonly suggestion?: string
}

const LONGEST_QUOTED = 200

/** Unlike `trim`, this does not take a byte order mark for white space. */
const BLANK = /^\p{White_Space}*$/u

const SUPERSCRIPTS = '⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹'
const SUPERSCRIPT_MEANING = '-+0123456789'

/**
 * Why `text` is not a unit as Felis takes it, i.e. as astropy's `Unit` reads its `generic` format: names and symbols,
 * products (space, `*`, `.`), quotients, powers (`m2 m**2 m^-2 m**(1/2) m²`), a number in front, `sqrt mag dB dex` of
 * something, and several units between commas. Nothing at all is a unit without dimension. `null` for a unit. To look
 * for a suggestion takes time; `maySuggest` says whether there is some left.
 */
export function checkUnit(text: string, maySuggest = () => true): UnitProblem | null {
  if (BLANK.test(text)) return null
  const normal = normalize(text)
  if (isUnitName(normal)) return null
  try {
    parseUnit(normal)
    return null
  } catch (error) {
    if (!(error instanceof UnitError)) throw error
    return describe(text, error, maySuggest)
  }
}

function describe(text: string, error: UnitError, maySuggest: () => boolean): UnitProblem {
  const { word } = error
  const what = word === undefined ? error.message : `${clip(word)} ${error.message}`
  const message = `Invalid unit: '${clip(text)}' did not parse as unit: At col ${error.at}, ${what}`
  const suggestion = word !== undefined && maySuggest() ? suggestUnitName(word) : undefined
  return suggestion === undefined ? { message } : { message, suggestion }
}

/** One spelling for characters that have several, and superscripts as powers in parentheses. */
function normalize(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text
  const composed = text.normalize('NFC').replaceAll('−', '-')
  return composed.replaceAll(/[⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,5000}/g, (power) => {
    const digits = Array.from(power, (character) => SUPERSCRIPT_MEANING[SUPERSCRIPTS.indexOf(character)])
    return `(${digits.join('')})`
  })
}

function clip(text: string): string {
  return text.length > LONGEST_QUOTED ? `${text.slice(0, LONGEST_QUOTED)}…` : text
}
