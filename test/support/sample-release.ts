import { createHash } from 'node:crypto'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'
import type { StageRequest } from '../../shared/tap-schema/stage.ts'

export interface SampleColumn {
  readonly name: string
  readonly datatype?: string
  readonly length?: number
  readonly extra?: string
}

/** Felis YAML of a schema with the given tables; by default one table `object` with an identifier and a position. */
export function sampleSchema(
  name: string,
  tables: Readonly<Record<string, readonly SampleColumn[]>> = { object: OBJECT },
  constraints = '',
): string {
  const blocks = Object.entries(tables).map(([table, columns]) => {
    const lines = columns.map(({ name: column, datatype = 'double', length, extra }) => {
      const size = length === undefined ? '' : `, length: ${length}`
      return `  - {name: ${column}, datatype: ${datatype}${size}${extra === undefined ? '' : `, ${extra}`}}`
    })
    return `- name: ${table}\n  columns:\n${lines.join('\n')}\n${constraints}`
  })
  return `name: ${name}\ntables:\n${blocks.join('')}`
}

const OBJECT: readonly SampleColumn[] = [
  { name: 'object_id', datatype: 'long' },
  { name: 'ra', extra: '"ivoa:unit": deg, "ivoa:ucd": pos.eq.ra' },
  { name: 'dec', extra: '"ivoa:unit": deg, "ivoa:ucd": pos.eq.dec' },
]

/** A request that stages the given files as `version`, with Repertoire's settings. */
export function stageRequest(version: string, changes: Partial<StageRequest> = {}): StageRequest {
  const files = changes.files ?? new Map([['survey.yaml', sampleSchema('survey')]])
  const sha256 = createHash('sha256')
    .update([...files.values()].join())
    .digest('hex')
  return {
    version,
    files,
    schemas: [...files.keys()].map((file) => file.replace(/\.yaml$/, '')),
    source: { bucket: 'releases', object: `${version}/schemas.tar.gz`, generation: '1000', sha256, bytes: 4096 },
    options: DEPLOYED,
    readers: [],
    actor: 'tester',
    redelivery: 'skip',
    ...changes,
  }
}
