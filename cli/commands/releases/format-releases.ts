import { showControls } from '../../../shared/printable.ts'
import { style } from '../../terminal/style.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'
import type { Holder, ReleaseOverview, ReleaseRow } from './match-servers.ts'

/** The releases and where they are, for a person. */
export function formatReleases({ from, releases, elsewhere }: ReleaseOverview & { readonly from: string }): string {
  const lines = releases.length === 0 ? [`no releases in ${showControls(from)}`] : formatRows(releases)
  const others = elsewhere.map(({ server, slot, version }) => `${server} ${slot}: ${version ?? '(half-made)'}`)
  if (others.length > 0)
    lines.push('', `not in ${showControls(from)}:`, ...others.map((line) => `  ${showControls(line)}`))
  return lines.join('\n')
}

function formatRows(releases: readonly ReleaseRow[]): string[] {
  const rows = releases.map(({ version, publishedAt, bytes, description, on, remark }) => [
    version,
    publishedAt.slice(0, 19).replace('T', ' '),
    bytes,
    description === null ? null : description.schemas.length,
    description === null ? null : description.schemas.reduce((sum, { tables }) => sum + tables, 0),
    description?.commit?.slice(0, 10) ?? null,
    formatHolders(on),
    remark,
  ])
  const columns = ['version', 'published (UTC)', 'bytes', 'schemas', 'tables', 'commit', 'TAP servers', 'remarks']
  const [heading = '', ...lines] = formatTable(columns, rows, { width: terminalWidth() })
  return [style('bold', heading), ...lines]
}

/** `tap: live, previous; ssotap: staging (earlier upload)`. */
function formatHolders(on: readonly Holder[]): string | null {
  const servers = [...new Set(on.map(({ server }) => server))]
  if (servers.length === 0) return null
  const texts = servers.map((server) => {
    const slots = on.filter((holder) => holder.server === server)
    return `${server}: ${slots.map(({ slot, current }) => (current ? slot : `${slot} (earlier upload)`)).join(', ')}`
  })
  return texts.join('; ')
}
