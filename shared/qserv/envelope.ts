import { isRecord } from '../is-record.ts'
import { QservAnswerError, QservRefusedError } from './errors.ts'

/** What every answer of Qserv has; others of its keys stand beside these. */
export type Envelope = Readonly<Record<string, unknown>>

/**
 * Reads an answer (spec/qserv.md §1.2). Integers that a number cannot hold are left as text.
 *
 * @throws QservRefusedError for `success: 0`, QservAnswerError for what is no answer of Qserv's
 */
export function readEnvelope(text: string): Envelope {
  const content = parse(text)
  if (!isRecord(content) || typeof content.success !== 'number') {
    throw new QservAnswerError('Qserv gave an answer that is not of its API: there is no `success`')
  }
  if (content.success === 0) throw refusal(content)
  return content
}

export function refusal({ error, error_ext: details, warning }: Envelope): QservRefusedError {
  const message = [error, warning].find((text) => typeof text === 'string' && text !== '')
  return new QservRefusedError(
    typeof message === 'string' ? message : 'Qserv gives no reason',
    isRecord(details) ? details : {},
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, keepLongIntegers)
  } catch (error) {
    const start = JSON.stringify(text.slice(0, 80))
    throw new QservAnswerError(`Qserv, or what stands before it, gave an answer that is not JSON: ${start}`, error)
  }
}

function keepLongIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '')
    ? context?.source
    : value
}
