import type pg from 'pg'
import { authorityOf } from '../ivoid.ts'
import { withRecords } from './transaction.ts'

/**
 * Removes all records of an authority that another registry manages now, without a trace: a deleted record would make
 * harvesters remove what they have of it from there.
 *
 * @returns their identifiers
 */
export function forgetAuthority(pool: pg.Pool, authority: string): Promise<readonly string[]> {
  const wanted = authorityOf(authority.toLowerCase())
  return withRecords(pool, 'forgetting an authority', 'change', async (client) => {
    const { rows } = await client.query<{ spelling: string }>(
      `delete from almagest.registry_record
        where ivoid = $1 or starts_with(ivoid, $1 || '/') or starts_with(ivoid, $1 || '?')
        returning spelling`,
      [wanted],
    )
    return rows.map(({ spelling }) => spelling)
  })
}
