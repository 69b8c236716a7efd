/** An entry as Cloud Logging makes it of a line that a function writes. */
export interface LogEntry {
  readonly severity: string
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> }
  readonly jsonPayload: Readonly<Record<string, unknown>>
}

/** What Cloud Logging takes out of the payload. */
const SPECIAL = ['severity', 'time']

/** The line of a function of Cloud Run as its entry. */
export function entryOf(line: string, service: string): LogEntry {
  const fields = JSON.parse(line) as Record<string, unknown>
  const payload = Object.entries(fields).filter(
    ([name]) => !SPECIAL.includes(name) && !name.startsWith('logging.googleapis.com/'),
  )
  return {
    severity: String(fields.severity),
    resource: { type: 'cloud_run_revision', labels: { service_name: service } },
    jsonPayload: Object.fromEntries(payload),
  }
}

type Test = (entry: LogEntry) => boolean

/**
 * Reads a filter in as much of the Logging query language as the metrics use: comparisons, AND, OR and parentheses. As
 * there, OR binds closer than AND, and a field that an entry does not have fits no comparison.
 *
 * @throws Error for everything else
 */
export function parseFilter(filter: string): Test {
  const tokens =
    filter.match(/\(|\)|\bAND\b|\bOR\b|[\w.]+\s*(?:=~|>=|<=|=|>|<)\s*(?:"(?:\\.|[^"\\])*"|[\w.]+)|\S+/g) ?? []
  let at = 0
  const readList = (word: string, readItem: () => Test): Test[] => {
    const items = [readItem()]
    for (; tokens[at] === word; ) {
      at += 1
      items.push(readItem())
    }
    return items
  }
  const readAll = (): Test => {
    const tests = readList('AND', readAny)
    return (entry) => tests.every((test) => test(entry))
  }
  const readAny = (): Test => {
    const tests = readList('OR', readOne)
    return (entry) => tests.some((test) => test(entry))
  }
  const readOne = (): Test => {
    const token = tokens[at++]
    if (token !== '(') return parseComparison(token ?? 'the end')
    const inner = readAll()
    if (tokens[at++] !== ')') throw new Error(`a parenthesis is not closed: ${filter}`)
    return inner
  }
  const test = readAll()
  if (at < tokens.length) throw new Error(`not understood from ${tokens[at]} on: ${filter}`)
  return test
}

const SEVERITIES = ['DEFAULT', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY']

function parseComparison(text: string): Test {
  const [, path = '', operator = '', literal = ''] = /^([\w.]+)\s*(=~|>=|<=|=|>|<)\s*(.+)$/s.exec(text) ?? []
  if (path === '') throw new Error(`${text} is no comparison`)
  const wanted = literal.startsWith('"') ? (JSON.parse(literal) as string) : literal
  return (entry) => {
    const found = path.split('.').reduce<unknown>((value, name) => Object(value)[name], entry)
    if (found === undefined || found === null) return false
    if (operator === '=~') return new RegExp(wanted).test(String(found))
    if (operator === '=') return String(found) === wanted
    const rank = (value: unknown) => (path === 'severity' ? SEVERITIES.indexOf(String(value)) : Number(value))
    return COMPARE[operator]?.(rank(found), rank(wanted)) === true
  }
}

const COMPARE: Readonly<Record<string, (found: number, wanted: number) => boolean>> = {
  '>': (found, wanted) => found > wanted,
  '>=': (found, wanted) => found >= wanted,
  '<': (found, wanted) => found < wanted,
  '<=': (found, wanted) => found <= wanted,
}
