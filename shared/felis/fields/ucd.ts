import { below } from '../location.ts'
import { text } from '../readers.ts'
import { INVALID, type Reader, report, spendSuggestion } from '../reading.ts'
import { shaped, shapeOf } from '../shape.ts'
import { checkUcd } from '../ucd/check-ucd.ts'

/** Text that is a UCD. */
export const ucd = shaped<Reader<string>>((value, parent, key, reading) => {
  const read = text(value, parent, key, reading)
  if (read === INVALID) return INVALID
  const problem = checkUcd(read, () => spendSuggestion(reading))
  if (problem === null) return read
  report(reading, { loc: below(parent, key), code: 'ucd', ...problem })
  // What the text is too long for is worth knowing all the same.
  return read
}, shapeOf(text))
