import type { FunctionSet } from '../adql/functions/function-set.ts'
import { secondsKept } from '../environment/tap-jobs.ts'
import type { TapService } from '../environment/tap-service.ts'
import type { ServiceDescription } from './capabilities.ts'
import type { SlotRows } from './slot-rows.ts'

/** What the section of a service and its tables come to, for its capabilities and for its record in a registry. */
export function describeService(
  { service, functions }: { readonly service: TapService; readonly functions: FunctionSet },
  rows: SlotRows,
): ServiceDescription {
  const { url, access, limits, examples, jobs } = service
  return {
    url,
    functions: functions.rows.filter(({ sql }) => typeof sql.postgresql !== 'object'),
    obsCore: rows.tables.some(isObsCore),
    examples: examples.length > 0,
    access: access.type === 'anonymous' ? 'anonymous' : 'token',
    limits: {
      ...{ maxrec: limits.maxrec, uploads: limits.uploads },
      execution: jobs?.executionSeconds ?? { default: limits.syncSeconds, hard: limits.syncSeconds },
      retention: jobs === null ? null : secondsKept(jobs),
    },
  }
}

/** Whether a table is that of ObsCore 1.1. */
export function isObsCore({ table_name }: SlotRows['tables'][number]): boolean {
  return table_name.toLowerCase() === 'ivoa.obscore'
}
