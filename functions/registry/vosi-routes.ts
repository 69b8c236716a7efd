import { TEXT } from '../../shared/platform/http/json-schema.ts'
import { Representation } from '../../shared/platform/http/representation.ts'
import { type ApiResponse, type Route, route } from '../../shared/platform/http/route.ts'
import { formatOwnCapabilities } from '../../shared/registry/own-records.ts'
import { formatAvailability } from '../../shared/tap/availability.ts'
import type { RegistryDependencies } from './dependencies.ts'
import type { RecordKeeper } from './keep-current.ts'
import { TEXT_ERROR } from './oai-routes.ts'

const CONTENT_TYPE = 'text/xml; charset=utf-8'

/** Since this instance runs. */
const STARTED = new Date()

/** What the record of the registry links to (VOSI 1.1), beside the endpoint at `path`. */
export function vosiRoutes(
  { environment }: RegistryDependencies,
  keeper: RecordKeeper,
  path: string,
  suffix: string,
): readonly Route[] {
  const beside = path.replace(/\/oai$|^\/$/, '')
  const capabilities = new Representation(formatOwnCapabilities(environment), CONTENT_TYPE, STARTED)
  const common = {
    method: 'GET',
    anonymous: true,
    cors: true,
    ignoresQuery: true,
    errorFormat: TEXT_ERROR,
    answers: { 'text/xml': TEXT },
  } as const
  return [
    route({
      ...common,
      path: `${beside}/capabilities`,
      operation: `readCapabilities${suffix}`,
      summary: 'What the registry can do (VOSI 1.1 §2.1)',
      otherwise: { 304: 'The caller has it' },
      handle: ({ headers }) => capabilities.answer(headers, 'no-cache'),
    }),
    route({
      ...common,
      path: `${beside}/availability`,
      operation: `readAvailability${suffix}`,
      summary: 'Whether the records can be read (VOSI 1.1 §2.2)',
      handle: () => readAvailability(keeper),
    }),
  ]
}

async function readAvailability(keeper: RecordKeeper): Promise<ApiResponse> {
  const available = await readRecordsBriefly(keeper).then(
    () => true,
    () => false,
  )
  const body = available
    ? formatAvailability({ available, upSince: STARTED.toISOString() })
    : formatAvailability({ available, notes: ['The records cannot be read.'] })
  return { headers: { 'content-type': CONTENT_TYPE }, body }
}

async function readRecordsBriefly(keeper: RecordKeeper): Promise<void> {
  const { pool } = await keeper.keepCurrent()
  const { readRecords } = await import('../../shared/registry/state/stored-records.ts')
  await readRecords(pool, (source) => source.earliest())
}
