import {
  errorStatus,
  openDocument,
  type ResultHead,
  STATUS_OK,
  STATUS_OVERFLOW,
  writeFields,
  writeInfo,
} from './votable-head.ts'

/** What stands around the rows of a VOTable. */
export interface TableEnds {
  /** Up to the start tag of the serialization. */
  readonly start: string
  /** From its end tag on. */
  end(overflow: boolean): string
  /** The same after an error: with its message (DALI 1.1 §4.4.1), without service descriptors. */
  fail(message: string): string
}

export function openTable({ fields, infos, services }: ResultHead, serialization: 'BINARY2' | 'TABLEDATA'): TableEnds {
  const writer = openDocument([STATUS_OK, ...infos]).open('TABLE')
  writeFields(writer, fields)
  writer.open('DATA').open(serialization)
  const start = writer.take()
  const closeTable = () => writer.close().close().close()
  return {
    start,
    end(overflow) {
      closeTable()
      if (overflow) writeInfo(writer, STATUS_OVERFLOW)
      writer.close()
      for (const service of services) writer.xml(service)
      return writer.close().take()
    },
    fail(message) {
      closeTable()
      writeInfo(writer, errorStatus(message))
      return writer.close().close().take()
    },
  }
}
