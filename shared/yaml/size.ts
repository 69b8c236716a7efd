import { YamlError } from './yaml-error.ts'

/** 8 MiB of text: far beyond any schema, and what a release archive lets through. */
const LONGEST = 8 * 1024 * 1024

/**
 * Of line breaks, indicators and escapes in one file. Reading takes memory for each of them, so this and the length
 * bound what a file can take, whatever is in it. The largest schema of a release has 21,000.
 */
const MOST_POINTS = 200_000

/** Of all files that are read together. A release has 150,000. */
const MOST_POINTS_TOGETHER = 1_000_000

/** How much the files that are read together may still hold. */
export class SizeBudget {
  #left = MOST_POINTS_TOGETHER

  /** @throws YamlError `yaml_size` at the place where it is too much */
  spend(text: string): void {
    if (text.length > LONGEST)
      throw new YamlError(LONGEST, 'yaml_size', `the file is longer than ${LONGEST} characters`)
    const most = Math.min(MOST_POINTS, this.#left)
    const { count, end } = countPoints(text, most)
    this.#left -= count
    if (end === text.length) return
    const message =
      most === MOST_POINTS
        ? `the file has more than ${MOST_POINTS} line breaks, indicators and escapes`
        : `the files of this release have more than ${MOST_POINTS_TOGETHER} line breaks, indicators and escapes`
    throw new YamlError(end, 'yaml_size', `${message}; no schema needs as many`)
  }
}

/** For each code of ASCII, whether it makes the reader remember something. */
const POINTS = Uint8Array.from({ length: 128 }, (_, code) =>
  Number("\n\r,:?[{&*!\\'".includes(String.fromCharCode(code))),
)
const DASH = 0x2d
const SPACE = 0x20

/** Counts up to `most`, and says where that was reached. */
function countPoints(text: string, most: number): { readonly count: number; readonly end: number } {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127) continue
    if (POINTS[code] === 1 || (code === DASH && text.charCodeAt(at + 1) <= SPACE)) {
      if (count === most) return { count, end: at }
      count += 1
    }
  }
  return { count, end: text.length }
}
