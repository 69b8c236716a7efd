/**
 * The unit names that astropy.units knows in its `generic` format, as base names and the prefixes they take.
 *
 * Without what only astropy 8 knows (`NEWER_NAMES`, and every name with a character beyond ASCII), these are the 4,435
 * names of the list on which Felis was measured.
 */

/** SI prefixes as symbols. The micro sign and the Greek letter mu stand for `u`, since astropy 8 as names. */
const SYMBOLS = words(`u k m M G T c d da h n p f a z y r q P E Z Y R Q µ μ`)

/** SI prefixes as words. */
const PREFIX_WORDS = words(`
  kilo mega giga tera peta exa zetta yotta ronna quetta hecto deka deca deci centi milli micro nano pico femto atto
  zepto yocto ronto quecto`)

const BINARY_SYMBOLS = words(`Ki Mi Gi Ti Pi Ei Zi Yi`)
const BINARY_WORDS = words(`kibi mebi gibi tebi pebi exbi zebi yobi`)

interface Family {
  readonly prefixes: readonly string[]
  readonly bases: readonly string[]
}

const FAMILIES: readonly Family[] = [
  {
    prefixes: SYMBOLS,
    bases: words(`
      A AU Ba Bq C Ci D F G Gal Gy H Hz J Jy K L N Oe P Pa R Ry S St Sv T V W Wb a adu arcmin arcsec au beam bin cd
      chan ct d deg dyn eV erg g h k kat l lm lx lyr m mag min mol ohm pc ph pix rad s solLum solMass solRad sr u vox
      yr Ω ℓ`),
  },
  {
    prefixes: PREFIX_WORDS,
    bases: words(`
      Barye Da Dalton Debye Farad Gauss Henry Hertz Jansky Joule Kayser Kelvin L_sun Lsun M_sun Msun Newton Oersted
      Pascal R_sun Rayleigh Rsun Siemens Tesla Volt Watt Weber amp ampere annum arcminute arcsecond astronomical_unit
      barye becquerel candela coulomb curie day debye degree dyne electronvolt farad gal gauss gram gray henry hertz
      hour hr jansky joule katal kayser lightyear liter lumen lux meter minute mole newton oersted parsec pascal poise
      radian rayleigh rydberg second siemens sievert steradian stokes tesla volt watt weber year`),
  },
  { prefixes: [...SYMBOLS, ...PREFIX_WORDS], bases: words(`Ohm barn count photon pixel voxel`) },
  { prefixes: [...SYMBOLS, ...BINARY_SYMBOLS], bases: words(`B b`) },
  { prefixes: [...SYMBOLS, ...PREFIX_WORDS, ...BINARY_SYMBOLS, ...BINARY_WORDS], bases: words(`bit byte`) },
  { prefixes: ['m', 'milli'], bases: words(`AA Angstrom angstrom Å`) },
  { prefixes: ['m'], bases: words(`bar Torr`) },
  { prefixes: ['milli'], bases: words(`torr`) },
  { prefixes: ['n'], bases: words(`mgy`) },
  { prefixes: ['nano'], bases: words(`maggy`) },
  { prefixes: ['m', 'u', 'µ', 'μ'], bases: words(`as`) },
  {
    prefixes: [],
    bases: words(`
      AB ABflux Bethe Bi Biot Bol Celsius DN Fr Franklin L_bol M_e M_earth M_jup M_jupiter M_p Maxwell Mearth Mjup
      Mjupiter Mx R_earth R_jup R_jupiter Rearth Rjup Rjupiter ST STflux Sun abA abC abampere abcoulomb bethe bol cy
      cycle decibel deg_C dex dn earthMass earthRad electron esu f_bol foe fortnight hectare hourangle jupiterMass
      jupiterRad lightsecond lsec maxwell micron percent sday sp spat statA statC statampere statcoulomb t tonne week wk`),
  },
]

/** Prefixed names that astropy leaves out because they mean something else: a yard, a decibyte, a pint … */
const LEFT_OUT: ReadonlySet<string> = new Set(['yd', 'dbyte', 'pcount'])

/** ASCII names that astropy 8 has and the measured list has not. */
export const NEWER_NAMES: readonly string[] = ['as']

/** Names without prefix, for suggestions: what people mean is rarely a yottacount. */
export const BASE_NAMES: readonly string[] = FAMILIES.flatMap(({ bases }) => bases)

export const UNIT_NAMES: ReadonlySet<string> = new Set(
  FAMILIES.flatMap(({ prefixes, bases }) => [
    ...bases,
    ...bases.flatMap((base) => prefixes.map((prefix) => prefix + base)),
  ]).filter((name) => !LEFT_OUT.has(name)),
)

/** Symbols that stand for a whole name. */
const SYMBOL_NAMES: ReadonlyMap<string, string> = new Map([
  ['%', 'percent'],
  ['°', 'deg'],
  ['′', 'arcmin'],
  ['″', 'arcsec'],
  ['ʰ', 'hourangle'],
  ['e⁻', 'electron'],
])

/** Symbols at the end of a name: `M☉` is Msun. */
const SUFFIX_SYMBOLS: ReadonlyMap<string, string> = new Map([
  ['⊙', 'sun'],
  ['☉', 'sun'],
  ['⊕', 'earth'],
  ['♁', 'earth'],
  ['♃', 'jupiter'],
  ['ₑ', '_e'],
  ['ₚ', '_p'],
])

/** Whether a word (in Unicode normal form C) names a unit. */
export function isUnitName(word: string): boolean {
  return UNIT_NAMES.has(word) || UNIT_NAMES.has(spellOut(word))
}

function spellOut(word: string): string {
  const whole = SYMBOL_NAMES.get(word)
  if (whole !== undefined) return whole
  const named = word.startsWith('°') ? `deg_${word.slice(1)}` : word
  const suffix = SUFFIX_SYMBOLS.get(named.slice(-1))
  if (suffix !== undefined && named.length > 1) return named.slice(0, -1) + suffix
  return named.endsWith('R∞') ? `${named.slice(0, -2)}Ry` : named
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
