import { nearMiss } from '../../near-miss.ts'
import { BASE_NAMES, UNIT_NAMES } from './names.ts'

/** What people write for a unit that has another name. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['sec', 's'],
  ['secs', 's'],
  ['mins', 'min'],
  ['hrs', 'h'],
  ['asec', 'arcsec'],
  ['amin', 'arcmin'],
  ['degc', 'deg_C'],
])

/**
 * The name that was probably meant: another name of the same unit, the singular, the same letters in another case, or
 * the nearest name without a prefix.
 */
export function suggestUnitName(word: string): string | undefined {
  if (word.length > 100) return undefined
  const singular = /[a-z]s$/i.test(word) ? word.slice(0, -1) : word
  return (
    ALIASES.get(word.toLowerCase()) ??
    (UNIT_NAMES.has(singular) && singular.length > 1 ? singular : undefined) ??
    findInOtherCase(word) ??
    findInOtherCase(singular) ??
    (word.length > 3
      ? nearMiss(
          word,
          BASE_NAMES.filter((name) => name.length > 2),
        )
      : undefined)
  )
}

function findInOtherCase(word: string): string | undefined {
  const lower = word.toLowerCase()
  const same = (name: string) => name.toLowerCase() === lower
  return BASE_NAMES.find(same) ?? [...UNIT_NAMES].find(same)
}
