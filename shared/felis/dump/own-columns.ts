import type { Table } from '../model.ts'

/** The columns without those that were taken over, which stand at the end, one for each reference. */
export function ownColumns({ columns, columnRefs }: Table): Table['columns'] {
  let references = 0
  for (const tables of columnRefs.values()) for (const names of tables.values()) references += names.size
  return columns.slice(0, columns.length - references)
}
