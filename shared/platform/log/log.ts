import { showControls, showControlsInLines } from '../../printable.ts'
import { clip, describeStack, toLoggable } from './loggable.ts'
import { redactText } from './redact.ts'
import { currentTrace } from './trace.ts'

export { withTrace } from './trace.ts'

/** Cloud Logging's LogSeverity, as far as Almagest uses it. */
export type Severity = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR'

type Log = (message: string, fields?: Readonly<Record<string, unknown>>) => void

export interface Logger {
  readonly debug: Log
  readonly info: Log
  readonly warning: Log
  readonly error: Log
}

export interface LoggerOptions {
  /** `json`: one object a line, as Cloud Logging parses it; `text`: for a person at a terminal. */
  readonly format?: 'json' | 'text'
  /** Less severe entries are left out. */
  readonly minimum?: Severity
  /** Takes a line without its line break. */
  readonly write?: (line: string) => void
  /** Completes trace names; GOOGLE_CLOUD_PROJECT unless given. */
  readonly projectId?: string | null
  /** Fields of every entry. */
  readonly fields?: Readonly<Record<string, unknown>>
  readonly now?: () => Date
}

const SEVERITIES: readonly Severity[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR']

/**
 * Makes a logger. Its calls never throw, whatever they are given, and never write a password or token (loggable.ts,
 * redact.ts). A field that holds an Error is written with stack and causes; at ERROR the stack goes where Error
 * Reporting looks for it.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { format = 'json', minimum = 'INFO', now = () => new Date() } = options
  const write = options.write ?? ((line: string) => void process.stdout.write(`${line}\n`))
  const projectId = options.projectId === undefined ? (process.env.GOOGLE_CLOUD_PROJECT ?? null) : options.projectId
  const formatEntry = format === 'json' ? (entry: Entry) => formatJson(entry, projectId) : formatText
  const log = (severity: Severity): Log => {
    if (SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(minimum)) return () => {}
    return (message, fields = {}) => {
      write(
        formatEntry({
          severity,
          time: now(),
          message: clip(redactText(String(message))),
          fields: { ...options.fields, ...fields },
        }),
      )
    }
  }
  return { debug: log('DEBUG'), info: log('INFO'), warning: log('WARNING'), error: log('ERROR') }
}

/** Cloud Logging takes 256 KiB, and a line that is cut there is no JSON any more. */
const MAX_ENTRY_BYTES = 240 * 1024

interface Entry {
  readonly severity: Severity
  readonly time: Date
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** "Structured logging": the special fields of a JSON payload. */
function formatJson({ severity, time, message, fields }: Entry, projectId: string | null): string {
  const trace = currentTrace()
  const error = Object.values(fields).find((value) => value instanceof Error)
  const special = {
    severity,
    time: time.toISOString(),
    message,
    ...(trace !== undefined && {
      'logging.googleapis.com/trace':
        projectId === null ? trace.traceId : `projects/${projectId}/traces/${trace.traceId}`,
      ...(trace.spanId !== null && { 'logging.googleapis.com/spanId': trace.spanId }),
      'logging.googleapis.com/trace_sampled': trace.sampled,
    }),
    ...(severity === 'ERROR' && error !== undefined && { stack_trace: describeStack(error) }),
  }
  const own = Object.entries(fields).map(([name, value]) => [name in special ? `field_${name}` : name, value])
  const line = JSON.stringify({ ...special, ...Object(toLoggable(Object.fromEntries(own))) })
  const bytes = Buffer.byteLength(line)
  return bytes <= MAX_ENTRY_BYTES ? line : JSON.stringify({ ...special, left_out: `fields of ${bytes} bytes` })
}

/** `10:42:07 WARNING message  key=value`, with the stacks of errors below. */
function formatText({ severity, time, message, fields }: Entry): string {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  const shown = entries.filter(([, value]) => !(value instanceof Error))
  const values = Object.entries(Object(toLoggable(Object.fromEntries(shown))))
  const text = values.map(([name, value]) => `  ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const stacks = entries.map(([, value]) => (value instanceof Error ? `\n${describeStack(value)}` : ''))
  const label = severity === 'INFO' ? '' : `${severity} `
  const line = showControls(`${label}${message}${text.join('')}`)
  return `${time.toTimeString().slice(0, 8)} ${line}${showControlsInLines(stacks.join(''))}`
}
