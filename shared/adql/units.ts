/**
 * Units of measurement as far as IN_UNIT needs them: a VOUnits text (VOUnits 1.1) becomes a factor and powers of base
 * units, and two units can be converted if the powers agree. Logarithmic units (mag, dex, dB) have no factor to any other.
 */
export interface Unit {
  /** How many coherent base units one of this unit is. */
  readonly factor: number
  /** Powers of the base units, none of them 0; `{m: 1, s: -2}`. */
  readonly powers: ReadonlyMap<string, number>
}

type Definition = readonly [factor: number, bases: string]

const DEGREE = Math.PI / 180
const YEAR = 365.25 * 86400
const JANSKY = 1e-26

/** Units that take SI prefixes: their size, in the base units m g s A K mol cd rad and countable things. */
const PREFIXED: Readonly<Record<string, Definition>> = {
  m: [1, 'm'],
  g: [1, 'g'],
  s: [1, 's'],
  A: [1, 'A'],
  K: [1, 'K'],
  mol: [1, 'mol'],
  cd: [1, 'cd'],
  rad: [1, 'rad'],
  sr: [1, 'rad2'],
  Hz: [1, 's-1'],
  N: [1e3, 'g m s-2'],
  J: [1e3, 'g m2 s-2'],
  W: [1e3, 'g m2 s-3'],
  Pa: [1e3, 'g m-1 s-2'],
  C: [1, 'A s'],
  V: [1e3, 'g m2 s-3 A-1'],
  Ohm: [1e3, 'g m2 s-3 A-2'],
  S: [1e-3, 'g-1 m-2 s3 A2'],
  F: [1e-3, 'g-1 m-2 s4 A2'],
  Wb: [1e3, 'g m2 s-2 A-1'],
  T: [1e3, 'g s-2 A-1'],
  H: [1e3, 'g m2 s-2 A-2'],
  lm: [1, 'cd rad2'],
  lx: [1, 'cd rad2 m-2'],
  eV: [1.602176634e-16, 'g m2 s-2'],
  Jy: [JANSKY * 1e3, 'g s-2'],
  R: [1e10 / (4 * Math.PI), 'photon s-1 m-2 rad-2'],
  G: [0.1, 'g s-2 A-1'],
  erg: [1e-4, 'g m2 s-2'],
  arcsec: [DEGREE / 3600, 'rad'],
  pc: [(180 * 3600 * 149597870700) / Math.PI, 'm'],
  yr: [YEAR, 's'],
  a: [YEAR, 's'],
  u: [1.6605390666e-24, 'g'],
  barn: [1e-28, 'm2'],
  bit: [1, 'bit'],
  byte: [8, 'bit'],
  B: [8, 'bit'],
  ph: [1, 'photon'],
  photon: [1, 'photon'],
  ct: [1, 'count'],
  count: [1, 'count'],
  adu: [1, 'adu'],
  pix: [1, 'pixel'],
  pixel: [1, 'pixel'],
  voxel: [1, 'voxel'],
  beam: [1, 'beam'],
  lyr: [299792458 * YEAR, 'm'],
}

/** Units that stand alone. `mas` is a prefixed `as`, which is an attosecond by itself. */
const PLAIN: Readonly<Record<string, Definition>> = {
  deg: [DEGREE, 'rad'],
  arcmin: [DEGREE / 60, 'rad'],
  mas: [DEGREE / 3.6e6, 'rad'],
  uas: [DEGREE / 3.6e9, 'rad'],
  min: [60, 's'],
  h: [3600, 's'],
  d: [86400, 's'],
  cy: [100 * YEAR, 's'],
  Angstrom: [1e-10, 'm'],
  angstrom: [1e-10, 'm'],
  AU: [149597870700, 'm'],
  au: [149597870700, 'm'],
  Ry: [2.1798723611035e-15, 'g m2 s-2'],
  solMass: [1.988409870698051e33, 'g'],
  solLum: [3.828e29, 'g m2 s-3'],
  solRad: [6.957e8, 'm'],
  chan: [1, 'channel'],
  bin: [1, 'bin'],
  Sun: [1, 'sun'],
  '%': [0.01, ''],
}

const PREFIXES: Readonly<Record<string, number>> = {
  Q: 1e30,
  R: 1e27,
  Y: 1e24,
  Z: 1e21,
  E: 1e18,
  P: 1e15,
  T: 1e12,
  G: 1e9,
  M: 1e6,
  k: 1e3,
  h: 1e2,
  da: 10,
  d: 0.1,
  c: 0.01,
  m: 1e-3,
  u: 1e-6,
  n: 1e-9,
  p: 1e-12,
  f: 1e-15,
  a: 1e-18,
  z: 1e-21,
  y: 1e-24,
  r: 1e-27,
  q: 1e-30,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/** What a text without any unit in it means. */
const ONE: Unit = { factor: 1, powers: new Map() }

/** The unit of a VOUnits text; undefined if it is none, or a logarithmic one. */
export function parseUnit(text: string): Unit | undefined {
  const tokens = text.match(/\*\*|[A-Za-z%]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[-+*/.()^]|\s+|./g) ?? []
  const reader = new UnitReader(tokens)
  return tokens.length === 0 ? undefined : reader.readAll()
}

/** By what a value in `from` is multiplied to be in `to`; undefined if the two do not measure the same. */
export function conversionFactor(from: Unit, to: Unit): number | undefined {
  if (from.powers.size !== to.powers.size) return undefined
  for (const [base, power] of from.powers) if (to.powers.get(base) !== power) return undefined
  return tidy(from.factor / to.factor)
}

/** Cuts what the division of two factors adds in the last digit, so that hours are 3600 seconds, not 3600.0000000000005. */
function tidy(factor: number): number {
  const short = Number(factor.toPrecision(15))
  return Math.abs(short - factor) <= Math.abs(factor) * 4e-16 && String(short).length < String(factor).length - 4
    ? short
    : factor
}

/** Reads products and quotients from the left; undefined as soon as something is no unit. */
class UnitReader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  readAll(): Unit | undefined {
    const unit = this.#readProduct(0)
    return this.#at === this.#tokens.length ? unit : undefined
  }

  #readProduct(depth: number): Unit | undefined {
    let unit = this.#peek() === '/' ? ONE : this.#readPower(depth)
    while (unit !== undefined && ['.', '*', '/', ' '].includes(this.#peek())) {
      const operator = this.#take()
      const next = this.#readPower(depth)
      unit = next && combine(unit, next, operator === '/' ? -1 : 1)
    }
    return unit
  }

  #readPower(depth: number): Unit | undefined {
    const unit = this.#readFactor(depth)
    if (unit === undefined) return undefined
    if (this.#peek() !== '**' && this.#peek() !== '^') return unit
    this.#take()
    const power = this.#readExponent()
    return power === undefined ? undefined : combine(ONE, unit, power)
  }

  #readExponent(): number | undefined {
    const inParentheses = this.#accept('(')
    const sign = this.#accept('-') ? -1 : 1
    if (sign === 1) this.#accept('+')
    const numerator = this.#readNumber()
    const denominator = inParentheses && this.#accept('/') ? this.#readNumber() : 1
    if (inParentheses && !this.#accept(')')) return undefined
    return numerator === undefined || !denominator ? undefined : (sign * numerator) / denominator
  }

  #readFactor(depth: number): Unit | undefined {
    if (depth > 20) return undefined
    if (this.#accept('(')) return this.#closed(this.#readProduct(depth + 1))
    const number = this.#readNumber()
    if (number !== undefined) return number > 0 ? { factor: number, powers: new Map() } : undefined
    const word = this.#take()
    if (word !== 'sqrt' || !this.#accept('(')) return unitOf(word)
    const inner = this.#closed(this.#readProduct(depth + 1))
    return inner && combine(ONE, inner, 0.5)
  }

  #closed(unit: Unit | undefined): Unit | undefined {
    return this.#accept(')') ? unit : undefined
  }

  #readNumber(): number | undefined {
    return /^\d/.test(this.#peek()) ? Number(this.#take()) : undefined
  }

  #peek(): string {
    const token = this.#tokens[this.#at] ?? ''
    return /^\s+$/.test(token) ? ' ' : token
  }

  #take(): string {
    const token = this.#peek()
    this.#at++
    return token
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false
    this.#at++
    return true
  }
}

function combine(left: Unit, right: Unit, power: number): Unit {
  const powers = new Map(left.powers)
  for (const [base, own] of right.powers) {
    const sum = (powers.get(base) ?? 0) + own * power
    if (sum === 0) powers.delete(base)
    else powers.set(base, sum)
  }
  return { factor: left.factor * right.factor ** power, powers }
}

function unitOf(word: string): Unit | undefined {
  const definition = own(PLAIN, word) ?? own(PREFIXED, word)
  if (definition !== undefined) return fromDefinition(definition, 1)
  for (const length of [2, 1]) {
    const prefix = own(PREFIXES, word.slice(0, length))
    const base = own(PREFIXED, word.slice(length))
    if (prefix !== undefined && base !== undefined) return fromDefinition(base, prefix)
  }
  return undefined
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}

function fromDefinition([factor, bases]: Definition, prefix: number): Unit {
  const powers = new Map<string, number>()
  for (const [, base = '', power] of bases.matchAll(/([a-zA-Z]+)(-?\d+)?/g)) powers.set(base, Number(power ?? 1))
  return { factor: factor * prefix, powers }
}
