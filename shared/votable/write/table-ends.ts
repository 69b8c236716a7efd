import { closeFailed, closeResults, openResults, type ResultHead } from './votable-head.ts'

/** What stands around the rows of a VOTable. */
export interface TableEnds {
  /** Up to the start tag of the serialization. */
  readonly start: string
  /** From its end tag on. */
  end(overflow: boolean): string
  /** The same after an error, with its message. */
  fail(message: string): string
}

export function openTable(head: ResultHead, serialization: 'BINARY2' | 'TABLEDATA'): TableEnds {
  const writer = openResults(head).open('DATA').open(serialization)
  const start = writer.take()
  const closeTable = () => writer.close().close().close()
  return {
    start,
    end: (overflow) => closeResults(closeTable(), head, overflow),
    fail: (message) => closeFailed(closeTable(), message),
  }
}
