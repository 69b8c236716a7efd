/** The lines of a CSV (RFC 4180); null is a cell with nothing in it, not even quotes. */
export function readCsv(text: string): (string | null)[][] {
  const lines: (string | null)[][] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  let line: (string | null)[] = []
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex
    const [, quoted, bare, end] = cell.exec(text) ?? []
    if (end === undefined) throw new Error(`not a CSV: ${JSON.stringify(text.slice(at, at + 80))}`)
    line.push(quoted?.replaceAll('""', '"') ?? (bare || null))
    if (end === ',') continue
    lines.push(line)
    line = []
  }
  return lines
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' }

/** The lines of a TSV whose values have tabs, line ends and backslashes escaped. */
export function readTsv(text: string): string[][] {
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new Error('a TSV ends with a line end')
  const unescaped = (cell: string) => cell.replace(/\\(.)/gs, (_, letter) => ESCAPES[letter] ?? `bad escape ${letter}`)
  return lines.map((line) => line.split('\t').map(unescaped))
}
