import { types } from 'node:util'
import { isSecretName, REDACTED, redactText } from './redact.ts'

const MAX_DEPTH = 8
const MAX_ENTRIES = 200
/** An entry of Cloud Logging holds 256 KiB; a text that long is no use to a reader. */
const MAX_TEXT = 16_384

/**
 * A copy of any value that `JSON.stringify` takes without throwing and that holds no secret: circular references,
 * BigInt, functions, getters that throw, bytes, maps, sets and errors (with stack, `code` and their chain of causes)
 * are all turned into something readable, and what is deep or long is cut.
 */
export function toLoggable(value: unknown): unknown {
  return convert(value, [])
}

/** An error's stack followed by those of its causes, as Error Reporting and people read it. */
export function describeStack(error: Error): string {
  const seen = new Set<unknown>()
  const parts: string[] = []
  for (let current: unknown = error; current instanceof Error && !seen.has(current); current = current.cause) {
    seen.add(current)
    parts.push(current.stack ?? `${current.name}: ${current.message}`)
  }
  return clip(redactText(parts.join('\nCaused by: ')))
}

function convert(value: unknown, ancestors: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
      return clip(redactText(value))
    case 'bigint':
      return String(value)
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'function':
    case 'symbol':
      return `[${typeof value}]`
    case 'object':
      return value === null ? null : convertObject(value, ancestors)
    default:
      return value
  }
}

function convertObject(value: object, ancestors: readonly object[]): unknown {
  if (ancestors.includes(value)) return '[circular]'
  if (ancestors.length >= MAX_DEPTH) return '[deep]'
  const within = [...ancestors, value]
  try {
    if (value instanceof Error || types.isNativeError(value)) return convertError(value, within)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString()
    if (value instanceof URL || value instanceof RegExp) return clip(redactText(String(value)))
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
    if (value instanceof Map) return convertEntries([...value], within)
    if (Array.isArray(value) || value instanceof Set) return convertList([...value], within)
    return convertEntries(readEntries(value), within)
  } catch {
    return '[unreadable]'
  }
}

function convertError(error: Error, within: readonly object[]): Record<string, unknown> {
  const { name, message, stack, cause } = error
  const own = readEntries(error)
    .filter(([key]) => !['name', 'message', 'stack', 'cause'].includes(key))
    .map(([key, value]) => [key, isMachinery(value) ? `[${value.constructor.name}]` : value] as const)
  return {
    name,
    message: clip(redactText(message)),
    ...convertEntries(own, within),
    ...(error instanceof AggregateError && { errors: convert(error.errors, within) }),
    ...(stack !== undefined && { stack: clip(redactText(stack)) }),
    ...(cause !== undefined && { cause: convert(cause, within) }),
  }
}

/** Clients hang themselves, whole, on the errors they raise. */
function isMachinery(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || value instanceof Error) return false
  return ![Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value))
}

function convertList(list: readonly unknown[], within: readonly object[]): unknown[] {
  const shown = list.slice(0, MAX_ENTRIES).map((item) => convert(item, within))
  return list.length > MAX_ENTRIES ? [...shown, `[${list.length - MAX_ENTRIES} more]`] : shown
}

function convertEntries(entries: readonly (readonly [unknown, unknown])[], within: readonly object[]): object {
  const shown = entries.slice(0, MAX_ENTRIES).map(([key, value]) => {
    const name = String(key)
    return [name, isSecretName(name) && value !== null && value !== undefined ? REDACTED : convert(value, within)]
  })
  return Object.fromEntries(shown)
}

/** Own enumerable properties; one whose getter throws says so. */
function readEntries(value: object): (readonly [string, unknown])[] {
  return Object.keys(value).map((key) => {
    try {
      return [key, Reflect.get(value, key)]
    } catch {
      return [key, '[unreadable]']
    }
  })
}

/** Cuts a text to a length that a reader may still read. */
export function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}… [${text.length - MAX_TEXT} more characters]`
}
