/** What the digits of a generation look like, also for API descriptions; that they fit into 64 bits it does not say. */
export const GENERATION_PATTERN = '^[1-9][0-9]{0,18}$'

const DIGITS = new RegExp(GENERATION_PATTERN)
const LARGEST = 2n ** 63n - 1n

/**
 * Whether an object can have this generation ("Objects: resource representations": an int64). Generations are text
 * everywhere: those of Google have 16 digits today, others' have 19, and a double holds only the first 15.
 */
export function isGeneration(text: string): boolean {
  return DIGITS.test(text) && BigInt(text) <= LARGEST
}
