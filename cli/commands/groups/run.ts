import { type OutputOptions, writeResult } from '../../terminal/output.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'
import { askService, type ServiceFlags } from '../query/ask-service.ts'

export interface GroupFlags extends OutputOptions, ServiceFlags {}

export interface CreateGroupFlags extends GroupFlags {
  readonly description?: string
}

interface ListedGroup {
  readonly group: string
  readonly description: string | null
  readonly members?: readonly string[]
}

export async function list(flags: GroupFlags): Promise<void> {
  const { groups } = (await askService(flags, '/groups')) as { readonly groups: readonly ListedGroup[] }
  writeResult(groups, flags, formatGroups)
}

export async function create(name: string, members: readonly string[], flags: CreateGroupFlags): Promise<void> {
  const { description } = flags
  const body = new URLSearchParams(description === undefined ? {} : { DESCRIPTION: description })
  const { group } = (await askService(flags, pathOf(name), { method: 'PUT', body })) as { readonly group: string }
  if (members.length > 0) await change(name, members, {}, flags)
  writeResult(
    { group, members },
    flags,
    () => `${group} is made${members.length === 0 ? '' : `: ${members.join(', ')}`}`,
  )
}

export async function add(name: string, members: readonly string[], flags: GroupFlags): Promise<void> {
  const group = await change(name, members, {}, flags)
  writeResult({ group, added: members }, flags, () => `${members.join(', ')}: now in ${group}`)
}

export async function remove(name: string, members: readonly string[], flags: GroupFlags): Promise<void> {
  const group = await change(name, members, { ACTION: 'REMOVE' }, flags)
  writeResult({ group, removed: members }, flags, () => `${members.join(', ')}: no longer in ${group}`)
}

export async function drop(name: string, flags: GroupFlags): Promise<void> {
  const answer = await askService(flags, pathOf(name), { method: 'DELETE' })
  writeResult(answer, flags, () => `${name} is dropped`)
}

async function change(
  name: string,
  members: readonly string[],
  more: Readonly<Record<string, string>>,
  flags: GroupFlags,
): Promise<string> {
  const body = new URLSearchParams([...members.map((member) => ['MEMBER', member]), ...Object.entries(more)])
  const answer = await askService(flags, pathOf(name), { method: 'POST', body })
  return (answer as { readonly group: string }).group
}

function pathOf(name: string): string {
  return `/groups/${encodeURIComponent(name)}`
}

function formatGroups(groups: readonly ListedGroup[]): string {
  if (groups.length === 0) return 'there are no groups'
  const rows = groups.map(({ group, members, description }) => [group, members?.join(', ') ?? '', description])
  return formatTable(['group', 'members', 'description'], rows, { width: terminalWidth() }).join('\n')
}
