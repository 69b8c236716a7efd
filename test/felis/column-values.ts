import { load, YAML11_SCHEMA } from 'js-yaml'
import { HAS_DATA, readReleaseFiles } from '../support/golden.ts'

/** The real releases beside the project. */
export const RELEASES = ['EDP2-deploy-v3b', 'w.2026.24', 'w.2026.34']

/** Every text that stands under one of `keys` anywhere in the schemas of a release. */
export async function readColumnValues(release: string, keys: readonly string[]): Promise<Set<string>> {
  const values = new Set<string>()
  for (const yaml of (await readReleaseFiles(release)).values()) collect(load(yaml, { schema: YAML11_SCHEMA }))
  return values

  function collect(node: unknown): void {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (keys.includes(key) && typeof value === 'string') values.add(value.trim())
      collect(value)
    }
  }
}

/** What Felis answered to one small schema. */
export interface EdgeCase {
  readonly yaml: string
  readonly result: { readonly outcome: string; readonly errors?: readonly { readonly msg: string }[] }
}

/** The golden edge cases whose name begins so; none where the data is absent. */
export function selectEdgeCases(cases: Readonly<Record<string, EdgeCase>>, prefix: string): [string, EdgeCase][] {
  return HAS_DATA ? Object.entries(cases).filter(([name]) => name.startsWith(prefix)) : []
}

/** Felis's message without pydantic's prefix; nothing for what it accepted. */
export function messageOf({ result }: EdgeCase): string | undefined {
  return result.errors?.[0]?.msg.replace('Value error, ', '')
}
