import type { RegistryEntry } from '../environment/discovery/registry.ts'
import type { RegistryService } from '../environment/registry.ts'
import { type Access, capability } from './capabilities.ts'
import { additionsOf, type Context, makeRecord } from './context.ts'
import type { FoundSia, FoundTap } from './find-services.ts'
import type { RegistryRecord, Relationship } from './record.ts'
import { siaAccess } from './service-records.ts'
import { obsCoreTable, tablesOfSchemas } from './tables.ts'

/** The service is described in its own record; this one says that it has the data (Endorsed Note "Discovering Data Collections"). */
function tapAux({ url, security }: FoundTap) {
  const access: Access = { url, use: 'base', version: '1.1', security }
  return capability('ivo://ivoa.net/std/TAP#aux', access)
}

function servedBy({ entry: { ivoid, title } }: FoundTap | FoundSia): Relationship {
  return { type: 'IsServedBy', ivoid, title }
}

/** The tables of a dataset of a TAP service. */
export function catalogueRecord(
  context: Context,
  tap: FoundTap,
  dataset: string,
  entry: RegistryEntry,
): RegistryRecord {
  const added = additionsOf(context, entry.ivoid)
  const names = added?.schemas ?? [dataset]
  const live = tap.live?.rows
  for (const name of live === undefined ? [] : (added?.schemas ?? [])) {
    if (live?.schemas.some(({ schema_name }) => schema_name === name)) continue
    const message = `the live release has no schema ${JSON.stringify(name)}`
    context.report.warn('no_effect', added?.place ?? entry.place, message)
  }
  return makeRecord(context, entry, {
    ...{ kind: 'catalogue', type: 'vs:CatalogResource', contentType: 'Catalog' },
    relationships: [servedBy(tap), ...partOf(context, entry)],
    capabilities: [tapAux(tap)],
    facilities: entry.facilities.length > 0 ? entry.facilities : context.config.facilities,
    instruments: entry.instruments,
    tables: live === undefined ? null : tablesOfSchemas(live, names),
  })
}

/** The images of a dataset, with the services that find them. */
export function imagesRecord(
  context: Context,
  entry: RegistryEntry,
  sias: readonly FoundSia[],
  taps: readonly FoundTap[],
): RegistryRecord {
  return makeRecord(context, entry, {
    ...{ kind: 'images', type: 'vs:DataResource', contentType: 'Survey' },
    relationships: [...sias, ...taps].map(servedBy).concat(partOf(context, entry)),
    capabilities: [
      ...sias.map((sia) => capability('ivo://ivoa.net/std/SIA#query-aux-2.0', siaAccess(sia))),
      ...taps.map(tapAux),
    ],
    facilities: entry.facilities.length > 0 ? entry.facilities : context.config.facilities,
    instruments: entry.instruments,
  })
}

/** The ObsCore table of each TAP service that has one; more than one would be called the same. */
export function obsCoreRecord(
  context: Context,
  service: Extract<RegistryService, { kind: 'obscore' }>,
  taps: readonly FoundTap[],
): readonly RegistryRecord[] {
  const tap = taps.find(({ obsCore }) => obsCore)
  if (tap?.live === undefined) return []
  const record = makeRecord(context, service, {
    ...{ kind: 'obscore', type: 'vs:CatalogResource', contentType: 'Catalog' },
    relationships: [servedBy(tap)],
    capabilities: [tapAux(tap)],
    tables: obsCoreTable(tap.live.rows),
  })
  return [record]
}

function partOf(context: Context, { ivoid }: RegistryEntry): readonly Relationship[] {
  const whole = additionsOf(context, ivoid)?.partOf ?? null
  return whole === null ? [] : [{ type: 'IsPartOf', ivoid: whole, title: whole }]
}
