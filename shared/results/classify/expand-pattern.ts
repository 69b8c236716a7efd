/** The beginning of names that fit a pattern. */
interface Beginning {
  readonly text: string
  /** Whether the pattern says nothing definite beyond it. */
  readonly open: boolean
}

const MOST = 1024
const NOTHING: readonly Beginning[] = [{ text: '', open: true }]

/**
 * Prefixes of which every name that fits the pattern has one: literal text, choices and small classes are written out
 * (`^r/[0-9a-f]{2}/…` makes 256). With a job id, which then stands in the place of the group `job`, they lead to the
 * objects of that job. A pattern that fixes nothing gives the empty prefix.
 */
export function expandPattern(pattern: string, job: string | null): readonly string[] {
  const { beginnings } = readChoices(pattern.slice(1, -1), 0, job)
  return withoutCovered(beginnings.map(({ text }) => text))
}

/** Of `r` and `r/00` the first is enough. */
function withoutCovered(prefixes: readonly string[]): string[] {
  const kept: string[] = []
  for (const prefix of [...new Set(prefixes)].sort()) {
    const last = kept.at(-1)
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix)
  }
  return kept
}

interface Reading {
  readonly beginnings: readonly Beginning[]
  /** Where the pattern goes on. */
  readonly end: number
}

/** `a|b|c` up to the end of the group or of the pattern. */
function readChoices(source: string, start: number, job: string | null): Reading {
  const all: Beginning[] = []
  let at = start
  for (;;) {
    const { beginnings, end } = readSequence(source, at, job)
    all.push(...beginnings)
    if (source[end] !== '|') return { beginnings: all, end }
    at = end + 1
  }
}

function readSequence(source: string, start: number, job: string | null): Reading {
  let beginnings: readonly Beginning[] = [{ text: '', open: false }]
  let at = start
  while (at < source.length && source[at] !== '|' && source[at] !== ')') {
    const piece = readPiece(source, at, job)
    const [quantifier = ''] = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(source.slice(piece.end)) ?? []
    const exactly = /^\{(\d)\}$/.exec(quantifier)?.[1]
    const times = quantifier === '' ? 1 : Number(exactly ?? Number.NaN)
    beginnings = Number.isNaN(times) ? append(beginnings, NOTHING) : repeat(beginnings, piece.beginnings, times)
    at = piece.end + quantifier.length
  }
  return { beginnings, end: at }
}

function repeat(beginnings: readonly Beginning[], piece: readonly Beginning[], times: number): readonly Beginning[] {
  let all = beginnings
  for (let time = 0; time < times; time++) all = append(all, piece)
  return all
}

function append(beginnings: readonly Beginning[], piece: readonly Beginning[]): readonly Beginning[] {
  if (beginnings.length * piece.length > MOST) return append(beginnings, NOTHING)
  return beginnings.flatMap((beginning) =>
    beginning.open ? [beginning] : piece.map(({ text, open }) => ({ text: beginning.text + text, open })),
  )
}

const CLASS_SIZE = 64

/** One character, class or group. What is not understood begins with anything. */
function readPiece(source: string, at: number, job: string | null): Reading {
  const rest = source.slice(at)
  const literal = /^[^\\[\](){}.*+?|^$]/u.exec(rest) ?? /^\\([^A-Za-z0-9])/u.exec(rest)
  if (literal !== null) {
    return { beginnings: [{ text: literal[1] ?? literal[0], open: false }], end: at + literal[0].length }
  }
  if (rest.startsWith('\\d')) return { beginnings: classMembers('0-9'), end: at + 2 }
  const members = /^\[([A-Za-z0-9_/.-]+)\]/.exec(rest)
  if (members?.[1] !== undefined) return { beginnings: classMembers(members[1]), end: at + members[0].length }
  const opening = /^\((\?:|\?<job>)?(?!\?)/.exec(rest)
  if (opening !== null) {
    const inner = readChoices(source, at + opening[0].length, job)
    const beginnings =
      opening[1] === '?<job>' ? (job === null ? NOTHING : [{ text: job, open: true }]) : inner.beginnings
    return { beginnings, end: inner.end + 1 }
  }
  const flags = /^\(\?[a-z-]*:/.exec(rest)
  if (flags !== null) {
    return { beginnings: NOTHING, end: readChoices(source, at + flags[0].length, job).end + 1 }
  }
  return { beginnings: NOTHING, end: at + (OPAQUE.exec(rest)?.[0].length ?? 1) }
}

/** Escapes and classes that stand for one character or another. */
const OPAQUE = /^(?:\\[pP]\{[^}]*\}|\\x[0-9A-Fa-f]{2}|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\])/

function classMembers(body: string): readonly Beginning[] {
  const members = new Set<string>()
  for (const [range] of body.matchAll(/.-.|./g)) {
    const first = range.charCodeAt(0)
    const last = range.charCodeAt(range.length - 1)
    for (let code = first; code <= last && members.size <= CLASS_SIZE; code++) members.add(String.fromCharCode(code))
  }
  return members.size > CLASS_SIZE ? NOTHING : [...members].map((text) => ({ text, open: false }))
}
