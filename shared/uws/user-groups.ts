import type pg from 'pg'
import { Failure, type FailureKind } from '../failure.ts'
import type { Grantee } from './share-job.ts'

/** A group that a user has made: its members, its owner among them, may have what is shared with it. */
export interface UserGroup {
  readonly owner: string
  readonly name: string
  readonly description: string | null
  /** Without the owner, by name. null: who asks is a member, and does not see the others. */
  readonly members: readonly string[] | null
  readonly created: Date
}

/** One group of an owner's. */
export interface GroupName {
  readonly server: string
  readonly owner: string
  readonly name: string
}

/** How a group is called where something is shared with it. */
export function groupId({ owner, name }: Pick<UserGroup, 'owner' | 'name'>): string {
  return `${owner}/${name}`
}

type GroupErrorCode = 'group_exists' | 'group_not_found' | 'group_limit'

const KINDS: Readonly<Record<GroupErrorCode, FailureKind>> = {
  group_exists: 'conflict',
  group_not_found: 'missing',
  group_limit: 'over-quota',
}

/** What a user cannot do with a group; nothing has changed. */
export class GroupError extends Failure {
  declare readonly code: GroupErrorCode

  constructor(code: GroupErrorCode, message: string) {
    super(KINDS[code], code, message)
  }
}

/** What one user may make: enough for people, too few to fill a database with. */
const MOST_GROUPS = 100
const MOST_MEMBERS = 1000

/** @throws GroupError */
export async function createGroup(
  pool: pg.Pool,
  { server, owner, name }: GroupName,
  description: string | null,
): Promise<void> {
  const { rows } = await pool.query<{ groups: string }>(
    'select count(*) as groups from uws.user_group where server = $1 and owner = $2',
    [server, owner],
  )
  if (Number(rows[0]?.groups) >= MOST_GROUPS) {
    throw new GroupError('group_limit', `you have ${MOST_GROUPS} groups, as many as a user may have: drop one first`)
  }
  const { rowCount } = await pool.query(
    'insert into uws.user_group (server, owner, name, description) values ($1, $2, $3, $4) on conflict do nothing',
    [server, owner, name, description],
  )
  if (rowCount === 0) throw new GroupError('group_exists', `there is a group ${groupId({ owner, name })} already`)
}

/** With its members and all that is shared with it. @throws GroupError */
export async function removeGroup(pool: pg.Pool, { server, owner, name }: GroupName): Promise<void> {
  const { rowCount } = await pool.query('delete from uws.user_group where server = $1 and owner = $2 and name = $3', [
    server,
    owner,
    name,
  ])
  if (rowCount === 0) throw noGroup({ owner, name })
}

/** What is changed of a group, all of it or nothing. */
export interface GroupChanges {
  readonly add: readonly string[]
  readonly remove: readonly string[]
  /** undefined: it stays; an empty text takes it away. */
  readonly description: string | undefined
}

/** Changes of one group follow one another, and so do their events. @throws GroupError */
export async function changeGroup(
  pool: pg.Pool,
  { server, owner, name }: GroupName,
  { add, remove, description }: GroupChanges,
): Promise<void> {
  const { rows } = await pool.query<{ found: string; members: string }>(
    `with held as materialized (
       update uws.user_group set description = case when $6 then nullif($7, '') else description end
        where server = $1 and owner = $2 and name = $3
        returning server, owner, name),
     removed as (
       delete from uws.group_member using held
        where group_member.server = held.server and group_member.owner = held.owner and group_member.name = held.name
          and member = any ($5)),
     added as (
       insert into uws.group_member (server, owner, name, member)
       select held.*, wanted.member
         from held, unnest($4::text[]) as wanted (member)
        where wanted.member <> $2
          and cardinality($4) + (select count(*) from uws.group_member as known
                                  where known.server = $1 and known.owner = $2 and known.name = $3) <= ${MOST_MEMBERS}
       on conflict do nothing)
     select (select count(*) from held) as found,
            (select count(*) from uws.group_member where server = $1 and owner = $2 and name = $3) as members`,
    [server, owner, name, add, remove, description !== undefined, description ?? ''],
  )
  const [{ found = '0', members = '0' } = {}] = rows
  if (Number(found) === 0) throw noGroup({ owner, name })
  if (add.length > 0 && Number(members) + add.length > MOST_MEMBERS) {
    const id = groupId({ owner, name })
    throw new GroupError('group_limit', `${id} has ${members} members, and may have ${MOST_MEMBERS}: none was added`)
  }
}

/** Those that a user has made, and those that he is in. */
export async function listGroups(pool: pg.Pool, server: string, user: string): Promise<readonly UserGroup[]> {
  const { rows } = await pool.query<UserGroup>(
    `select owner, name, description, created_at as created,
            case when owner = $2 then array(
              select member from uws.group_member m where (m.server, m.owner, m.name) = (g.server, g.owner, g.name)
               order by member) end as members
       from uws.user_group g
      where server = $1
        and (owner = $2 or (owner, name) in (select owner, name from uws.group_member where server = $1 and member = $2))
      order by owner <> $2, owner, name`,
    [server, user],
  )
  return rows
}

/** Of groups of users, whether they are there: what comes later under the name of one could be anything. @throws GroupError */
export async function checkGroups(pool: pg.Pool, server: string, grantees: readonly Grantee[]): Promise<void> {
  const wanted = grantees.filter(({ type, name }) => type === 'group' && name.includes('/')).map(({ name }) => name)
  if (wanted.length === 0) return
  const { rows } = await pool.query<{ name: string }>(
    `select wanted.name from unnest($2::text[]) as wanted (name)
      where not exists (select from uws.user_group g where g.server = $1 and g.owner || '/' || g.name = wanted.name)`,
    [server, wanted],
  )
  const [missing] = rows
  if (missing !== undefined) throw new GroupError('group_not_found', `there is no group ${missing.name}`)
}

function noGroup(group: Pick<UserGroup, 'owner' | 'name'>): GroupError {
  return new GroupError('group_not_found', `there is no group ${groupId(group)}`)
}
