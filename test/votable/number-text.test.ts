import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  formatDouble,
  formatFloat,
  putDouble,
  putFloat,
  putInteger,
  putLong,
} from '../../shared/votable/write/number-text.ts'
import { runs } from '../support/effort.ts'

const out = Buffer.alloc(64)
const doubleText = (value: number) => out.toString('latin1', 0, putDouble(out, 0, value))
const floatText = (value: number) => out.toString('latin1', 0, putFloat(out, 0, value))

/** As in catalogues: few digits, or all of them, of any size. */
const floats = fc.oneof(
  { weight: 3, arbitrary: fc.float() },
  fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0),
  fc.tuple(fc.integer({ min: -9_999_999, max: 9_999_999 }), fc.integer({ min: -3, max: 9 })).map(([digits, places]) => {
    return Math.fround(digits / 10 ** places)
  }),
)

it.each([
  [0.1, '0.1'],
  [-0, '-0'],
  [0, '0'],
  [1, '1'],
  [-273.15, '-273.15'],
  [12.5, '12.5'],
  [16_777_216, '16777216'],
  [999_999.94, '999999.94'],
  [0.00001, '0.00001'],
  [0.000009, '0.000009'],
  [1.5e-7, '1.5e-7'],
  [3.4028235e38, '3.4028235e+38'],
  [1e-45, '1e-45'],
  [1.17549435e-38, '1.1754944e-38'],
  [1 / 3, '0.33333334'],
])('the float nearest to %d is written as %s', (value, text) => {
  expect(floatText(Math.fround(value))).toBe(text)
})

it('a float is written with the fewest digits that give it back', () => {
  fc.assert(
    fc.property(floats, (value) => {
      const text = floatText(value)
      expect(Math.fround(Number(text))).toBe(value)
      expect(text).toBe(formatFloat(value))
      const digits = text
        .replace(/e.*/, '')
        .replace(/\D/g, '')
        .replace(/^0+|0+$/g, '').length
      for (let fewer = 1; fewer < Math.min(digits, 7); fewer++) {
        expect(Math.fround(Number(value.toPrecision(fewer)))).not.toBe(value)
      }
    }),
    { numRuns: runs(400) },
  )
})

it('integers of any size are written exactly', () => {
  const view = new DataView(new ArrayBuffer(8))
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(62), (value, shift) => {
      const shifted = value >> BigInt(shift)
      view.setBigInt64(0, shifted)
      expect(out.toString('latin1', 0, putLong(out, 0, view, 0))).toBe(String(shifted))
      const number = Number(shifted >> 11n)
      expect(out.toString('latin1', 0, putInteger(out, 0, number))).toBe(String(number))
    }),
    { numRuns: runs(400) },
  )
})

/** As in catalogues: decimals of few or many digits, results of sums, integers, and whatever else there is. */
const doubles = fc.oneof(
  { weight: 3, arbitrary: fc.double() },
  fc.tuple(fc.maxSafeInteger(), fc.nat(22)).map(([digits, places]) => Number(`${digits}e-${places}`)),
  fc
    .tuple(fc.integer({ min: -999_999_999, max: 999_999_999 }), fc.nat(12))
    .map(([digits, places]) => digits / 10 ** places),
  fc.tuple(fc.double({ min: -500, max: 500 }), fc.integer()).map(([a, b]) => a + b),
  fc.integer({ min: -330, max: 308 }).map((exponent) => Number(`1e${exponent}`)),
)

it('a double is written as JavaScript writes it, which is the shortest way, and with the sign of zero', () => {
  fc.assert(
    fc.property(doubles, (value) => {
      expect(doubleText(value)).toBe(Object.is(value, -0) ? '-0' : String(value))
      expect(formatDouble(value)).toBe(doubleText(value))
    }),
    { numRuns: runs(1000) },
  )
})
