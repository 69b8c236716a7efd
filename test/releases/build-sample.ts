import { type BuildRequest, type BuiltRelease, buildRelease } from '../../shared/releases/publish/build-release.ts'
import { sampleSchema } from '../support/sample-release.ts'

/** A folder of datalink metadata that fits the sample schema `survey`. */
export const DATALINK: Readonly<Record<string, string>> = {
  'datalink-manifest.json': '{"links": ["survey_object_object_id"]}\n',
  'links.xml': '<VOTABLE><PARAM ref="$survey_object_object_id$" value="$baseUrl$/links"/></VOTABLE>\n',
  'columns-minimal.yaml': 'tables:\n  survey.object:\n    lsst:minimal: [ra, dec]\n',
}

export function asFiles(texts: Readonly<Record<string, string>>): ReadonlyMap<string, Uint8Array> {
  return new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]))
}

export function buildRequest(changes: Partial<BuildRequest> = {}): BuildRequest {
  return {
    version: 'releases/w.2026.34',
    commit: null,
    files: new Map([['survey.yaml', sampleSchema('survey')]]),
    datalink: asFiles(DATALINK),
    checks: new Set(),
    loads: [],
    ...changes,
  }
}

export function buildSample(changes: Partial<BuildRequest> = {}): Promise<BuiltRelease> {
  return buildRelease(buildRequest(changes))
}
