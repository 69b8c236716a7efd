import { nearMiss } from '../../near-miss.ts'
import { ucdWords } from './words.ts'

export interface UcdProblem {
  /** What was found and what would be right. */
  readonly message: string
  /** A word of the vocabulary, or a whole UCD, that was probably meant. */
  readonly suggestion?: string
}

/** Which classes of words may stand first, and which after a semicolon (UCD1+ §2). */
const primaryClasses = 'QPEVC'
const secondaryClasses = 'QSEVC'

const primaryWords = selectWords(primaryClasses)
const secondaryWords = selectWords(secondaryClasses)

/** Ways in which a UCD is often written wrongly; the first that gives a valid UCD is suggested. */
const repairs: readonly ((text: string) => string)[] = [
  (text) => text.replaceAll(/\s/g, ''),
  (text) => text.split(';').filter(Boolean).join(';'),
  (text) => text.replace(/^ivoa:/i, ''),
  (text) => text.replaceAll(/[\s,;]+/g, ';'),
]

const longestQuoted = 200

/**
 * Why `text` is not a UCD as Felis takes it: words of UCD1+ 1.6 in any case, the first of them primary and the others
 * secondary, joined by semicolons. A word in a namespace other than `ivoa` may be anything, but a colon is taken only
 * where there is a semicolon as well. `null` when there is nothing to say. To look for a suggestion takes time;
 * `maySuggest` says whether there is some left.
 */
export function checkUcd(text: string, maySuggest = () => true): UcdProblem | null {
  const found = findProblem(text)
  if (found === null) return null
  const { message, unknown } = found
  const suggestion =
    (unknown !== undefined || text.length <= longestQuoted) && maySuggest() ? suggest(text, unknown) : undefined
  return suggestion === undefined ? { message } : { message, suggestion }
}

function suggest(text: string, unknown: Unknown | undefined): string | undefined {
  const candidates = text.length > longestQuoted ? [] : repairs.map((repair) => repair(text))
  const repaired = candidates.find((candidate) => candidate !== text && findProblem(candidate) === null)
  return repaired ?? (unknown === undefined ? undefined : nearMiss(unknown.word, unknown.fitting))
}

interface Found {
  readonly message: string
  readonly unknown?: Unknown
}

/** A word that is not in the vocabulary, and those that could be in its place. */
interface Unknown {
  readonly word: string
  readonly fitting: Iterable<string>
}

function findProblem(text: string): Found | null {
  const allowed = text.includes(';') ? /[^A-Za-z0-9_.:;-]/u : /[^A-Za-z0-9_.;-]/u
  const stranger = allowed.exec(text)
  if (stranger !== null) return invalid(`UCD has invalid character '${stranger[0]}' in '${clip(text)}'`)
  let start = 0
  while (start <= text.length) {
    const semicolon = text.indexOf(';', start)
    const end = semicolon === -1 ? text.length : semicolon
    const problem = checkPart(text.slice(start, end), start === 0)
    if (problem !== null) return problem
    start = end + 1
  }
  return null
}

function checkPart(part: string, first: boolean): Found | null {
  const colon = part.indexOf(':')
  if (colon !== part.lastIndexOf(':')) return invalid(`Too many colons in '${clip(part)}'`)
  const namespace = colon === -1 ? 'ivoa' : part.slice(0, colon)
  if (!startsWithComponent(namespace)) return invalid(`Invalid namespace '${clip(namespace)}'`)
  const word = part.slice(colon + 1)
  if (!startsWithComponent(word)) return invalid(`Invalid word '${clip(word)}'`)
  return namespace.toLowerCase() === 'ivoa' ? checkWord(word, first) : null
}

function checkWord(word: string, first: boolean): Found | null {
  const lower = word.toLowerCase()
  const fitting = first ? primaryWords : secondaryWords
  const others = first ? secondaryWords : primaryWords
  if (fitting.has(lower)) return null
  if (others.has(lower)) {
    return first
      ? invalid(`Secondary word '${word}' is not valid as a primary word`)
      : invalid(`Primary word '${word}' is not valid as a secondary word`)
  }
  return { ...invalid(`Unknown word '${clip(word)}'`), unknown: { word, fitting: fitting.values() } }
}

/** Felis looks at the beginning of a word only: `meta..id` is well formed, though unknown. */
function startsWithComponent(text: string): boolean {
  return /^[A-Za-z0-9]/.test(text)
}

function invalid(reason: string): Found {
  return { message: `Invalid IVOA UCD: ${reason}` }
}

function clip(text: string): string {
  return text.length > longestQuoted ? `${text.slice(0, longestQuoted)}…` : text
}

/** The words of some classes by their lower case. */
function selectWords(classes: string): Map<string, string> {
  const entries = ucdWords.trim().split('\n')
  const words = entries.filter((entry) => classes.includes(entry.charAt(0))).map((entry) => entry.slice(2))
  return new Map(words.map((word) => [word.toLowerCase(), word]))
}
