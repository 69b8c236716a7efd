import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkUnit } from '../../shared/felis/units/check-unit.ts'
import { NEWER_NAMES, UNIT_NAMES } from '../../shared/felis/units/names.ts'
import { runs, someOf } from '../support/effort.ts'
import { DATA, HAS_DATA, NEEDS_DATA, readGolden } from '../support/golden.ts'
import { messageOf, RELEASES, readColumnValues, selectEdgeCases } from './column-values.ts'

const UNIT_KEYS = ['fits:tunit', 'ivoa:unit']

describe.skipIf(!HAS_DATA)(`units that were measured${NEEDS_DATA}`, () => {
  it('have the golden names, and of others only those of astropy 8', () => {
    const golden = readFileSync(join(DATA, 'golden/felis/unit-names.txt'), 'utf8').trim().split('\n')
    expect(golden).toHaveLength(4435)
    const plain = [...UNIT_NAMES].filter((name) => /^[\0-\x7f]*$/.test(name) && !NEWER_NAMES.includes(name))
    expect(plain.sort()).toEqual(golden.sort())
    expect(golden.filter((name) => checkUnit(name) !== null)).toEqual([])
  })

  it('get the verdict of Felis, and its message up to the advice', () => {
    const cases = selectEdgeCases(readGolden('felis/edge-cases.json'), 'unit fits ')
    expect(cases.length).toBeGreaterThan(50)
    for (const [name, edgeCase] of cases) {
      const quoted = /fits:tunit: (".*"|'')/.exec(edgeCase.yaml)?.[1]
      if (quoted === undefined || edgeCase.yaml.includes('ivoa:unit')) continue
      const problem = checkUnit(quoted === "''" ? '' : (JSON.parse(quoted) as string))
      expect([name, problem === null]).toEqual([name, messageOf(edgeCase) === undefined])
      const unknown = /^.* is not a valid unit/.exec(messageOf(edgeCase) ?? '')?.[0]
      if (unknown !== undefined) expect(problem?.message).toBe(unknown)
    }
  })

  it.each(someOf(RELEASES, 3))('are all accepted in %s', async (release) => {
    const units = await readColumnValues(release, UNIT_KEYS)
    expect(units.size).toBeGreaterThan(30)
    expect([...units].filter((unit) => checkUnit(unit) !== null)).toEqual([])
  })
})

const UNITS = `m.s|m s|m*s|m/s|a/b/g|/s|/(s kg)|1/s|10/m|10*/m|2.5 m|2.5m|-3 m|+3 m|1e-10 m|.5 m|2. m|5|1|0.1 m/s|m2|m-2|m+2|m 2
  m**2|m^2|m**-2|m^-2|m**(2)|m**(-2)|m(2)|m(1/2)|m(-1/-2)|m**(1/2)|m^(0.5)|m(.5)|m(-0.5)|m2.s|m2..s|m2.|m2 (s kg)
  m*(s kg)|m.(s)|m/(s kg)|(m s)|((m))|(m s) kg|((m s) kg)/s|10**3|10^3|10**3 m|10**-7 m|10^-7|10-7 m|10+7|10(-7) m|10**(3) m
  10**(-3)|2**(0.5) m|2**(-0.5)|2 10**3 m|2 10-3 m|2 3**(1/2) m|2.5 10-3 m|2.5 10**3|2.5 10^(0.5) m|2.5 (m s)|10*(m s)
  sqrt(m)|sqrt (m)|sqrt(m/s)|sqrt(2 m)|sqrt(sqrt(m))|m sqrt(s)|mag|mag2|mag(AB)|mag (AB)|dB(mW)|dex(cm/s2)|dex(1)|mag(1)/s|(mag(AB))
  mag(sqrt(m))|dex(2 m)|mag/s|m,s|m,|m,,s|m/s, 2 s|(m, s)|(m, s), kg|((m, s), kg)|(m/s, 2 kg)|m, mag(AB)|deg C|%|1 %|°|°C|′|″|µm
  μm|µas|Å|mÅ|kΩ|mℓ|M☉|R⊕|Mₑ|kR∞|e⁻|m²|m⁻² s|10⁻³ m|m s⁻¹|m−2|as|mas|uas|K|kg.m2/s3|2  m||   |count.pixel**2|arcsec2/Hz`

const NO_UNITS = `foo|s.|.m|*m|m*|m/|m//s|m..s|m**|m^|m***2|m^^2|m**0.5|m0.5|m.5|m.2|m 2 3|m^2^3|m**2**3|1/s/m|1/s m|/s m|/|//s|()|( )|(|)|m)
  (m|(m/s)|(2 m)|(m/s)^2|(m s)2|(m)**2|m (s kg)|m(s)|10 (m s)|10(7) m|10(m)|2(-3) m|2**3|2**3 m|2-3 m|2^-3|2**(3)|2**(1/2)|10**(1/2) m
  2 10 m|2 3|2.5-3 m|2.5 3.5|2.5 10 m|m 2.5|m-|m+s|m - s|- 2 m|m(1/0)|m(0.5/2)|m(1/2/3)|m(1 2)|m(1|ln(m)|log(m)|exp(m)|ln
  sqrt|sqrt()|sqrt(m|sqrt(foo)|sqrt(m, s)|sqrt(mag(AB))|mag(mag)|mag(dB)|mag(mag(AB))|mag(m,s)|mag()|mag(AB) s|mag(AB)/s|s/mag(AB)
  mag(AB)2|/mag(AB)|2 mag(AB)|mmag(AB)|,m|,|(m,s) kg|((m,s))|2 (m,s)|/(m,s)|m\ts|m\ns|'m'|[m]|m_s|m²2|m⁻|10³ m|e-|yd|dbyte|pcount
  µ|10**400|1e5e5|2e|0 0**-1 m|constructor|__proto__|M|km km_|MHZ|DEG|jy|m;s|m&s|🦊|m\0|\ud800`

describe('a unit', () => {
  it.each(UNITS.split(/\||\n {2}/))('%j is accepted', (text) => {
    expect(checkUnit(text)).toBeNull()
  })

  it.each(NO_UNITS.split(/\||\n {2}/))('%j is refused', (text) => {
    expect(checkUnit(text)?.message).toMatch(/^Invalid unit: '/)
  })

  it.each([
    ['pixels', 'pixel'],
    ['electrons', 'electron'],
    ['days', 'day'],
    ['degrees', 'degree'],
    ['ADU', 'adu'],
    ['Pixels', 'pixel'],
    ['sec', 's'],
    ['asec/pix', 'arcsec'],
    ['jy', 'Jy'],
    ['NJY', 'nJy'],
    ['secnod', 'second'],
    ['mjdate', undefined],
    ['(m/s)^2', undefined],
  ])('%j is answered with the suggestion %j', (text, suggestion) => {
    expect(checkUnit(text)?.suggestion).toBe(suggestion)
  })

  it('that cannot be read says where', () => {
    expect(checkUnit('1/s/m')?.message).toBe(
      "Invalid unit: '1/s/m' did not parse as unit: At col 3, '/' cannot stand there",
    )
    expect(checkUnit('(m s')?.message).toContain('At col 0, this parenthesis is never closed')
    expect(checkUnit('m {s}')?.message).toContain('At col 2, {s} is not a valid unit')
  })

  it('never makes the check throw', () => {
    const piece = fc.constantFrom(
      'm',
      's',
      'mag',
      'sqrt',
      '(',
      ')',
      ',',
      '*',
      '**',
      '/',
      '^',
      '.',
      '-',
      '+',
      '2',
      '0.5',
      ' ',
      '²',
      'x',
      '°',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(piece).map((parts) => parts.join('')),
        ),
        (text) => {
          const problem = checkUnit(text)
          expect(checkUnit(text)).toEqual(problem)
          if (problem?.suggestion !== undefined) expect(checkUnit(problem.suggestion)).toBeNull()
        },
      ),
      { numRuns: runs(250) },
    )
  })

  it('stays one in parentheses, behind a number, and as one of several', () => {
    const operand = fc.constantFrom('m', 'km2', 's-1', 'Jy**(1/2)', 'sqrt(K)', 'pixel')
    const product = fc.array(operand, { minLength: 1, maxLength: 6 }).map((operands) => operands.join('.'))
    fc.assert(
      fc.property(product, (text) => {
        for (const unit of [text, `(${text})`, `2.5 ${text}`, `${text}/${text}`, `${text},${text}`, `1/(${text})`]) {
          expect([unit, checkUnit(unit)]).toEqual([unit, null])
        }
      }),
    )
  })

  it('of a million characters gets a short answer', () => {
    for (const piece of [
      '((((((((((',
      '))))))))))',
      '(m(m(m(m((',
      'm.m.m.m.m.',
      'mmmmmmmmmm',
      '1111111111',
      'sqrt(sqrt(',
      ',,,,,,,,,,',
      '²²²²²²²²²²',
      'm         ',
      '//////////',
    ]) {
      expect(checkUnit(piece.repeat(1e5))?.message.length ?? 0).toBeLessThan(700)
    }
    expect(checkUnit(`m${' '.repeat(1e6)}`)).toBeNull()
    expect(checkUnit(`${'('.repeat(5000)}m${')'.repeat(5000)}`)).toBeNull()
  })
})
