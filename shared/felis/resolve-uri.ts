import { nearMiss } from '../near-miss.ts'

/** Where `resource://` URIs of the SDM schemas point: the folder of the release itself. */
const PACKAGE = 'resource://lsst.sdm.schemas/'

export type Resolution =
  | { readonly file: string }
  | { readonly code: string; readonly message: string; readonly suggestion?: string }

/**
 * The file of the release that a resource's URI names, seen from the file that names it. A release is self-contained:
 * anything that is not a file of it is refused.
 */
export function resolveUri(uri: string, from: string, files: ReadonlyMap<string, unknown>): Resolution {
  const isPackage = uri.startsWith(PACKAGE)
  // A fragment says what is meant inside the file; Felis takes no notice of it.
  const path = (isPackage ? uri.slice(PACKAGE.length) : uri).replace(/#.*$/s, '')
  if (!isPackage && /^[A-Za-z][A-Za-z0-9+.-]*:/.test(uri)) {
    return outside(`'${uri}' is not a file of the release; name a file beside this one, or ${PACKAGE}…`)
  }
  if (path.startsWith('/')) return outside(`'${uri}' is an absolute path; name a file beside this one`)
  if (path.endsWith('/')) return { code: 'resource_not_found', message: `'${uri}' is a folder, not a file` }
  const folder = isPackage ? [] : from.split('/').slice(0, -1)
  const steps = normalize([...folder, ...path.split('/')])
  if (steps === null) return outside(`'${uri}' leads out of the release`)
  const file = steps.join('/')
  if (files.has(file)) return { file }
  const suggestion = nearMiss(file, files.keys())
  const message = `the release has no file '${file}'`
  return suggestion === undefined
    ? { code: 'resource_not_found', message }
    : { code: 'resource_not_found', message, suggestion }
}

function outside(message: string): Resolution {
  return { code: 'resource_outside_release', message }
}

function normalize(steps: readonly string[]): string[] | null {
  const kept: string[] = []
  for (const step of steps) {
    if (step === '' || step === '.') continue
    if (step !== '..') kept.push(step)
    else if (kept.pop() === undefined) return null
  }
  return kept
}
