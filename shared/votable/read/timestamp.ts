/** DALI 1.1 §3.3.3; a blank in place of the T, as TAP 1.0 had it; no zone but that of UTC. */
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d*))?)?)?Z?$/

const MILLISECONDS_2000 = Date.UTC(2000, 0, 1)

/**
 * Microseconds since 2000, as PostgreSQL counts them; more digits of a second are rounded. undefined: it is not a
 * timestamp. A leap second is the first one of the next minute, as in PostgreSQL.
 */
export function parseTimestamp(text: string): bigint | undefined {
  const match = TIMESTAMP.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const date = new Date(0)
  // Not Date.UTC, which takes the years 0 to 99 for those of the last century.
  date.setUTCFullYear(year, month - 1, day)
  const isDate = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!isDate || hour > 23 || minute > 59 || second > 60) return undefined
  date.setUTCHours(hour, minute, second)
  const microseconds = Math.round(Number(`0.${match[7] ?? ''}0`) * 1e6)
  return BigInt(date.getTime() - MILLISECONDS_2000) * 1000n + BigInt(microseconds)
}
