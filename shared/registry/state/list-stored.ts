import type pg from 'pg'
import { withRecords } from './transaction.ts'

/** What harvesters see of a record, in short. */
export interface StoredRecord {
  readonly ivoid: string
  readonly kind: string
  readonly created: Date
  readonly updated: Date
  readonly deleted: boolean
}

/** All that is published, what changed last first. */
export function listStored(pool: pg.Pool): Promise<readonly StoredRecord[]> {
  return withRecords(pool, 'reading the records of the registry', 'read', async (client) => {
    const { rows } = await client.query<StoredRecord>(
      `select spelling as ivoid, kind, created, updated, deleted
         from almagest.registry_record
        order by updated desc, registry_record.ivoid`,
    )
    return rows
  })
}
