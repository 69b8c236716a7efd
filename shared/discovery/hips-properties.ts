/** A record of a HiPS list: a tree's properties with the address where we serve it (HiPS 1.0 §4.4.1, §5.3). */
export function describeTree(properties: string, serviceUrl: string): string {
  const lines = properties.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  // A blank line would end the record.
  const filled = lines.filter((line) => line.trim() !== '').map((line) => line.trimEnd())
  const own = `${'hips_service_url'.padEnd(25)}= ${serviceUrl}`
  const before = filled.findIndex((line) => keyOf(line) === 'hips_service_url')
  const status = filled.findIndex((line) => keyOf(line) === 'hips_status')
  const kept = filled.filter((line) => keyOf(line) !== 'hips_service_url')
  const position = before >= 0 ? before : status >= 0 ? status : kept.length
  return `${kept.toSpliced(position, 0, own).join('\n')}\n`
}

/** The values by their keys; of a key that comes twice, the first one. */
export function readProperties(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const key = line.trimStart().startsWith('#') ? null : keyOf(line)
    const value = line.slice(line.indexOf('=') + 1).trim()
    if (key !== null && value !== '' && !values.has(key)) values.set(key, value)
  }
  return values
}

/** Why a text cannot be a properties file, as the end of a sentence; null: it can. A login page cannot. */
export function complaintAboutProperties(text: string): string | null {
  if (text.includes('\0')) return 'is not text'
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
  const other = lines.find((line) => keyOf(line) === null)
  if (other !== undefined) return `has a line that is not "key = value": ${JSON.stringify(other.slice(0, 80))}`
  return lines.length === 0 ? 'is empty' : null
}

/** Records are separated by one blank line. */
export function joinTrees(trees: readonly string[]): string {
  return trees.join('\n')
}

function keyOf(line: string): string | null {
  return /^\s*([\w.-]+)\s*=/.exec(line)?.[1] ?? null
}
