import { AsyncLocalStorage } from 'node:async_hooks'

/** Where the work being done belongs in Cloud Trace. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string | null
  readonly sampled: boolean
}

/** Headers as Node gives them (lower case), or the attributes of a CloudEvent. */
export type TraceHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

const storage = new AsyncLocalStorage<Trace>()

/** Runs `work`; what it logs, also later and asynchronously, carries the trace of the request that the headers are of. */
export function withTrace<T>(headers: TraceHeaders, work: () => T): T {
  const trace = readTrace(headers)
  return trace === null ? work() : storage.run(trace, work)
}

export function currentTrace(): Trace | undefined {
  return storage.getStore()
}

/** `traceparent` (W3C Trace Context §3.2), or else Google's older `X-Cloud-Trace-Context`. */
export function readTrace(headers: TraceHeaders): Trace | null {
  return readTraceParent(headers.traceparent) ?? readCloudTraceContext(headers['x-cloud-trace-context'])
}

function readTraceParent(header: TraceHeaders[string]): Trace | null {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/.exec(single(header))
  const [, version = 'ff', traceId = '', spanId = '', flags = '0'] = match ?? []
  if (version === 'ff' || isZero(traceId) || isZero(spanId)) return null
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** `TRACE_ID/SPAN_ID;o=1`, the span as a decimal number. */
function readCloudTraceContext(header: TraceHeaders[string]): Trace | null {
  const match = /^([0-9a-f]{32})(?:\/(\d{1,20}))?(?:;o=(\d))?$/i.exec(single(header))
  const [, traceId = '', span, option] = match ?? []
  if (match === null || isZero(traceId)) return null
  const spanId = span === undefined ? null : BigInt.asUintN(64, BigInt(span)).toString(16).padStart(16, '0')
  return { traceId: traceId.toLowerCase(), spanId: isZero(spanId ?? '') ? null : spanId, sampled: option === '1' }
}

function single(header: TraceHeaders[string]): string {
  return (typeof header === 'string' ? header : (header?.[0] ?? '')).trim()
}

function isZero(digits: string): boolean {
  return /^0*$/.test(digits)
}
