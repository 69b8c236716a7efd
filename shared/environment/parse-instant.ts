const INSTANT =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?[ \t]*(Z|z|[-+]\d\d?(?::?\d\d)?)?)?$/

/** A date or point in time as YAML 1.1 and ISO 8601 write it; UTC unless it says otherwise. null: the text is neither. */
export function parseInstant(text: string): Date | null {
  const parts = INSTANT.exec(text.trim())
  if (parts === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const milliseconds = Math.floor(Number(`0.${parts[7] ?? 0}`) * 1000)
  const local = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds))
  const exists = local.getUTCMonth() === month - 1 && local.getUTCDate() === day && hour < 24 && minute < 60
  return exists && second < 60 ? new Date(local.getTime() - offsetMs(parts[8] ?? 'Z')) : null
}

function offsetMs(zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([-+])(\d\d?):?(\d\d)?$/.exec(zone) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
