import { readVotable } from '../../shared/votable/show/read-votable.ts'
import type { ShownCell, VotableField } from '../../shared/votable/show/votable-field.ts'
import { CallError, call } from '../http.ts'

/** A table as it has been read so far. */
export interface ResultTable {
  readonly fields: readonly VotableField[]
  readonly rows: readonly (readonly ShownCell[])[]
  /** Whether there is more than was asked for (DALI 1.1 §4.4.1). */
  readonly isOverflow: boolean
}

/** How often a long result is shown while it comes. */
const SHOW_EVERY_MS = 300

/**
 * Asks a query and waits for its rows.
 *
 * @throws CallError with the message of the service
 */
export async function runSync(
  url: string,
  query: { readonly adql: string; readonly maxRec: number },
  signal: AbortSignal,
  show: (table: ResultTable) => void,
): Promise<ResultTable> {
  const response = await call(`${url}/sync`, { method: 'POST', body: parametersOf(query, 'votable'), signal })
  return readTable(response, show)
}

/** @throws CallError */
export async function readResult(
  address: string,
  signal: AbortSignal,
  show: (table: ResultTable) => void,
): Promise<ResultTable> {
  return readTable(await call(address, { signal }), show)
}

export function parametersOf(
  { adql, maxRec }: { readonly adql: string; readonly maxRec: number },
  format: string,
): URLSearchParams {
  return new URLSearchParams({ LANG: 'ADQL', QUERY: adql, MAXREC: String(maxRec), RESPONSEFORMAT: format })
}

/** Makes a job that runs (UWS 1.1 §2.2.3.1); its address. */
export async function submit(url: string, query: { readonly adql: string; readonly maxRec: number }): Promise<string> {
  const body = parametersOf(query, 'votable')
  body.set('PHASE', 'RUN')
  // The answer leads to the job, and its address is what is wanted.
  const response = await call(`${url}/async`, { method: 'POST', body })
  return response.url
}

async function readTable(response: Response, show: (table: ResultTable) => void): Promise<ResultTable> {
  if (response.body === null) throw new CallError(response.status, 'the service answered nothing')
  let fields: readonly VotableField[] = []
  const rows: (readonly ShownCell[])[] = []
  let isOverflow = false
  let shown = performance.now()
  for await (const event of readVotable(chunksOf(response.body))) {
    if (event.kind === 'fields') fields = event.fields
    else if (event.kind === 'row') rows.push(event.cells)
    else if (event.name === 'QUERY_STATUS') {
      if (event.value === 'ERROR') throw new CallError(response.status, event.text || 'the query failed')
      if (event.value === 'OVERFLOW') isOverflow = true
    }
    if (rows.length > 0 && performance.now() - shown > SHOW_EVERY_MS) {
      show({ fields, rows: [...rows], isOverflow })
      shown = performance.now()
    }
  }
  return { fields, rows, isOverflow }
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}
