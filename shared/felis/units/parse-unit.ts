import { parseFactor, parsePower } from './factors.ts'
import { isUnitName } from './names.ts'
import { TokenCursor, UnitError, unexpected } from './token-cursor.ts'
import { readTokens, type Token } from './tokens.ts'

/**
 * Where a reading of one unit stands:
 * `start`: nothing read · `factor`: after the number in front · `multiplied`: after its `*` · `inverse`: after a `/`
 * with no unit before it, which takes one operand and nothing more · `inverted`: after that operand · `operand`: after
 * an operand · `wanted`: after `*` or `/`, which need one · `structure`: after `(a, b)` · `comma`: after a comma
 */
type Phase = 'start' | 'factor' | 'multiplied' | 'inverse' | 'inverted' | 'operand' | 'wanted' | 'structure' | 'comma'

/**
 * What was read: a plain unit, the number one, a bare `mag`, `dB` or `dex`, a logarithmic level of something (`mag(AB)`,
 * which stands alone), or several units (`au, au/day`).
 */
type Made = 'plain' | 'one' | 'logarithm' | 'level' | 'structure'

/** One level of parentheses: the whole text, the argument of a function, or `(`. */
interface Level {
  readonly at: number
  /** The name before the parenthesis, of a function. */
  readonly calls: string | undefined
  /** `(` at the beginning of a unit holds a product or, with commas, several units; elsewhere only a product. */
  readonly holds: 'whole' | 'either' | 'product'
  phase: Phase
  made: Made
  /** Of the unit being read; a comma begins the next. */
  operands: number
  hasFactor: boolean
  hasDivision: boolean
  hasComma: boolean
}

/** Names of logarithmic units, which cannot be the argument of one. */
const LOGARITHMS: ReadonlySet<string> = new Set(['mag', 'dB', 'dex'])
const LOGARITHMIC_UNITS: ReadonlySet<string> = new Set([...LOGARITHMS, 'decibel'])

/** Far beyond any unit; a text of nothing but parentheses should not fill the memory. */
const DEEPEST = 10_000

/** Phases after which a unit may end. */
const COMPLETE: ReadonlySet<Phase> = new Set(['factor', 'inverted', 'operand', 'structure'])

/** What an operand leads to, for the phases that can have one. */
const AFTER_OPERAND: Partial<Record<Phase, Phase>> = {
  start: 'operand',
  comma: 'operand',
  factor: 'operand',
  multiplied: 'operand',
  wanted: 'operand',
  operand: 'operand',
  inverse: 'inverted',
}

const AFTER_PRODUCT: Partial<Record<Phase, Phase>> = { factor: 'multiplied', operand: 'wanted' }

const AFTER_DIVISION: Partial<Record<Phase, Phase>> = {
  start: 'inverse',
  comma: 'inverse',
  factor: 'inverse',
  multiplied: 'inverse',
  operand: 'wanted',
}

/**
 * Reads a unit in astropy's `generic` format; throws `UnitError` where it is not one. The levels of parentheses are kept
 * in an array, not on the call stack, so that any depth of them gets an answer.
 */
export function parseUnit(text: string): void {
  const cursor = new TokenCursor(readTokens(text))
  const whole = openLevel('whole', 0)
  const outer: Level[] = []
  let level = whole
  for (;;) {
    const token = cursor.take()
    if (token.kind === 'end') {
      if (level !== whole) throw new UnitError(level.at, 'this parenthesis is never closed')
      requireComplete(level, token)
      return
    }
    if (token.kind === 'close') {
      const parent = outer.pop()
      if (parent === undefined) throw unexpected(token)
      requireComplete(level, token)
      closeLevel(level, parent, token)
      level = parent
      continue
    }
    const inner = readToken(level, token, cursor)
    if (inner === undefined) continue
    if (outer.push(level) > DEEPEST) throw new UnitError(token.at, `parentheses are nested deeper than ${DEEPEST}`)
    level = inner
  }
}

/** Moves a level on by one token; gives the level that the token opens, if it opens one. */
function readToken(level: Level, token: Token, cursor: TokenCursor): Level | undefined {
  switch (token.kind) {
    case 'integer':
    case 'decimal':
    case 'sign':
      if (!beginsUnit(level)) throw unexpected(token)
      level.made = parseFactor(token, cursor) ? 'one' : 'plain'
      level.hasFactor = true
      level.phase = 'factor'
      return undefined
    case 'product':
      level.phase = nextPhase(AFTER_PRODUCT, level, token)
      return undefined
    case 'division':
      if (level.holds === 'product') throw unexpected(token)
      level.phase = nextPhase(AFTER_DIVISION, level, token)
      level.hasDivision = true
      return undefined
    case 'comma':
      if (level.holds === 'product' || !(COMPLETE.has(level.phase) || level.phase === 'comma')) throw unexpected(token)
      Object.assign(level, { phase: 'comma', made: 'structure', operands: 0, hasFactor: false, hasComma: true })
      return undefined
    case 'name': {
      if (!isUnitName(token.text)) throw new UnitError(token.at, 'is not a valid unit', token.text)
      const bare = !parsePower(cursor) && LOGARITHMIC_UNITS.has(token.text)
      addOperand(level, bare ? 'logarithm' : 'plain', token)
      return undefined
    }
    case 'function':
      if (token.text !== 'sqrt' && !LOGARITHMS.has(token.text)) {
        throw new UnitError(token.at, `'${token.text}' is not a recognized function`)
      }
      nextPhase(AFTER_OPERAND, level, token)
      cursor.expect('open')
      return openLevel('whole', token.at, token.text)
    case 'open':
      nextPhase(AFTER_OPERAND, level, token)
      return openLevel(beginsUnit(level) ? 'either' : 'product', token.at)
    default:
      throw unexpected(token)
  }
}

/** What a closed level is to the one around it. */
function closeLevel(level: Level, parent: Level, token: Token): void {
  if (level.calls !== undefined) {
    addOperand(parent, callFunction(level.calls, level), token)
  } else if (level.hasComma) {
    parent.phase = 'structure'
    parent.made = 'structure'
  } else if (level.hasFactor || level.hasDivision || level.made === 'structure') {
    throw new UnitError(level.at, 'parentheses can hold a product of units only')
  } else {
    addOperand(parent, level.made, token)
  }
}

function callFunction(name: string, argument: Level): Made {
  const made = argument.hasComma ? 'structure' : argument.made
  if (made === 'structure' || made === 'level' || (made === 'logarithm' && name !== 'sqrt')) {
    throw new UnitError(argument.at, `'${name}' cannot be taken of that`)
  }
  if (name === 'sqrt') return 'plain'
  return made === 'one' ? 'logarithm' : 'level'
}

function addOperand(level: Level, made: Made, token: Token): void {
  const inverse = level.phase === 'inverse'
  level.phase = nextPhase(AFTER_OPERAND, level, token)
  const alone = level.operands === 0 && !level.hasFactor && !inverse
  if ((made === 'level' && !alone) || (level.made === 'level' && level.operands > 0)) {
    throw new UnitError(token.at, 'a logarithmic unit of something must stand alone')
  }
  level.made = level.operands === 0 && !inverse ? made : 'plain'
  level.operands++
}

function nextPhase(phases: Partial<Record<Phase, Phase>>, level: Level, token: Token): Phase {
  const phase = phases[level.phase]
  if (phase === undefined) throw unexpected(token)
  return phase
}

function requireComplete(level: Level, token: Token): void {
  if (!COMPLETE.has(level.phase) && level.phase !== 'comma') throw unexpected(token)
}

/** Whether a number, or the first of several units, can stand here. */
function beginsUnit(level: Level): boolean {
  return level.holds !== 'product' && (level.phase === 'start' || level.phase === 'comma')
}

function openLevel(holds: Level['holds'], at: number, calls?: string): Level {
  return {
    at,
    calls,
    holds,
    phase: 'start',
    made: 'plain',
    operands: 0,
    hasFactor: false,
    hasDivision: false,
    hasComma: false,
  }
}
