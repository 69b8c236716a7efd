import type { ReleaseNaming } from '../../../shared/releases/naming.ts'
import type { ListedRelease } from '../../../shared/releases/publish/list-releases.ts'
import { SLOT_NAMES, type SlotName } from '../../../shared/tap-schema/slots.ts'
import type { ServerReleases, SlotContent } from './read-servers.ts'

/** A slot that holds a release. */
export interface Holder {
  readonly server: string
  readonly slot: SlotName
  /** false: an earlier upload of the same version. */
  readonly current: boolean
}

export interface ReleaseRow extends ListedRelease {
  readonly on: readonly Holder[]
}

export interface ReleaseOverview {
  readonly releases: readonly ReleaseRow[]
  readonly servers: readonly ServerReleases[]
  /** What servers have and the bucket has not (any more). */
  readonly elsewhere: readonly (Omit<Holder, 'current'> & { readonly version: string | null })[]
}

/** Says of each release which servers have it in which slot. */
export function matchServers(
  releases: readonly ListedRelease[],
  servers: readonly ServerReleases[],
  naming: ReleaseNaming,
): ReleaseOverview {
  const slots = servers.flatMap(({ name, slots: contents }) => {
    if (contents === null) return []
    return SLOT_NAMES.map((slot) => ({ server: name, slot, content: contents[slot] }))
  })
  const matched = new Set<SlotContent>()
  const rows = releases.map((release) => {
    const on = slots.flatMap(({ server, slot, content }): Holder[] => {
      if (content === null || !isOf(content, release, naming)) return []
      matched.add(content)
      return [{ server, slot, current: content.source?.generation === release.generation }]
    })
    return { ...release, on }
  })
  const elsewhere = slots.flatMap(({ server, slot, content }) => {
    return content === null || matched.has(content) ? [] : [{ server, slot, version: content.version }]
  })
  return { releases: rows, servers, elsewhere }
}

function isOf({ source }: NonNullable<SlotContent>, { object }: ListedRelease, { bucket }: ReleaseNaming): boolean {
  return source !== null && source.bucket === bucket && source.object === object
}
