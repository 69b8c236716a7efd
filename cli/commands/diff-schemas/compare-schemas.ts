import type { LoadedSchema } from '../../../shared/felis/load.ts'
import type { NameCase } from '../../../shared/tables/lookup.ts'
import type { StructureChange } from '../../../shared/tables/structure/change.ts'
import { describeStructure } from '../../../shared/tables/structure/describe-structure.ts'
import { diffStructures } from '../../../shared/tables/structure/diff-structures.ts'
import type { TableStructure } from '../../../shared/tables/structure/structure.ts'
import { tableContext } from '../../../shared/tables/table-context.ts'
import { type Change, diffContents } from '../../../shared/tap-schema/diff-contents.ts'
import type { LoaderOptions } from '../../../shared/tap-schema/options.ts'
import { contentsOf, keysInSeveralFiles, namesInSeveralFiles } from '../../felis-files/contents.ts'
import { loadSide } from '../../felis-files/load-side.ts'
import type { FilesDiff } from './files-diff.ts'
import { placesOf } from './places.ts'

export interface CompareOptions {
  readonly loader: LoaderOptions
  readonly structure: boolean
  readonly names: NameCase
}

/**
 * Compares the schemas of two files, folders or archives.
 *
 * @throws UsageError, InvalidSchemaError
 */
export async function compareSchemas(from: string, to: string, options: CompareOptions): Promise<FilesDiff> {
  const before = await loadSide(from, options.loader)
  const after = await loadSide(to, options.loader)
  const sides = [before.schemas, after.schemas]
  const ambiguous = {
    schemas: new Set(sides.flatMap((schemas) => namesInSeveralFiles(schemas))),
    keys: new Set(sides.flatMap((schemas) => keysInSeveralFiles(schemas, options.loader))),
  }
  const changes = diffContents(
    contentsOf(before.schemas, ambiguous, options.loader),
    contentsOf(after.schemas, ambiguous, options.loader),
  )
  const about = { from: before.side, to: after.side }
  const breaking = changes.some((change) => change.breaking)
  const structure = diffStructures(
    structuresOf(before.schemas, ambiguous.schemas, options.names),
    structuresOf(after.schemas, ambiguous.schemas, options.names),
  )
  return {
    ...about,
    tapSchema: { ...about, breaking, changes },
    structure: options.structure ? structure : null,
    outside: structure.changes.filter((change) => !isTold(change, changes)).length,
    others: [],
    placeOf: placesOf(after),
  }
}

/** Schemas that several files describe are told apart by the files; a database could not have them together anyway. */
function structuresOf(
  schemas: readonly LoadedSchema[],
  ambiguous: ReadonlySet<string>,
  names: NameCase,
): readonly TableStructure[] {
  return schemas.flatMap(({ schema, file }) => {
    if (schema === null) return []
    const named = ambiguous.has(schema.name) ? { ...schema, name: `${file}: ${schema.name}` } : schema
    const context = tableContext(named, names, false)
    return schema.tables.map((table) => describeStructure(table, context))
  })
}

/** Whether TAP_SCHEMA says as much of a change. */
function isTold({ kind, change, name, fields }: StructureChange, changes: readonly Change[]): boolean {
  const same = (other: Change) => other.name === name || other.formerName === name
  if (kind === 'table' || kind === 'column') {
    const told = changes.find((other) => other.kind === kind && same(other))
    if (told === undefined) return false
    return change !== 'changed' || Object.keys(fields ?? {}).every((field) => field === 'type')
  }
  // The id of a key is its name, or has the schema in front.
  const [constraint = ''] = name.split('.').slice(-1)
  return (
    kind === 'foreign key' &&
    changes.some((other) => {
      const isSame = other.name === constraint || other.name.endsWith(`_${constraint}`)
      return other.kind === 'key' && isSame && (other.change === change || other.change === 'renamed')
    })
  )
}
