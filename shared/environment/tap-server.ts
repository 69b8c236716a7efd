import type { DatabaseAddress } from '../database-address.ts'
import { DEPLOYED } from '../tap-schema/options.ts'
import { notEmpty, uniqueListOf } from './collections.ts'
import {
  complaintAboutPattern,
  complaintAboutPostfix,
  complaintAboutReader,
  complaintAboutSchemaName,
  complaintAboutServedVersion,
} from './complaints.ts'
import { databaseKeys, readDatabase } from './database.ts'
import type { Report } from './report.ts'
import { type Found, foundOf, optional, part, required, type SectionOf, section } from './sections.ts'
import { flag, integer, oneOf, orNull, type Shape, text } from './shapes.ts'
import { serviceOf, TAP_SERVICE, type TapService } from './tap-service.ts'

const MAX_INTEGER = 2 ** 31 - 1

/** How the TAP_SCHEMA of a server is made. */
const options = section({
  postfix: optional(
    text(complaintAboutPostfix),
    DEPLOYED.postfix,
    'Appended to the names of the five tables; views under the plain names are added. Empty: plain tables.',
  ),
  extensions: optional(
    flag,
    DEPLOYED.extensions,
    "Whether the tables have the extension columns that CADC's TAP library reads.",
  ),
  uniqueKeys: optional(flag, DEPLOYED.uniqueKeys, 'Whether the schema name goes in front of each `key_id`.'),
  unboundedArraysize: optional(
    flag,
    DEPLOYED.unboundedArraysize,
    'Whether automatic array sizes are `*` instead of `n*`.',
  ),
  columnRefIndexIncrement: optional(
    orNull(integer(1, MAX_INTEGER)),
    DEPLOYED.columnRefIndexIncrement,
    'Step of the `column_index` of referenced columns; null keeps the index of the source column.',
  ),
  firstSchemaIndex: optional(
    orNull(integer(0, 1_000_000)),
    DEPLOYED.firstSchemaIndex,
    '`schema_index` of the first schema of the list, the next ones count on; null: none.',
  ),
})

/** What a server is made of as the file has it. */
const PLAIN_KEYS = {
  schemas: required(
    notEmpty(uniqueListOf(text(complaintAboutSchemaName)), 'list at least one schema'),
    'The schemas that it serves: names of files of the release without `.yaml`, in the order in which clients list them.',
  ),
  schemaVersion: optional(
    text(complaintAboutServedVersion),
    null,
    'The release that it takes, before `tap.schemaVersion`.',
  ),
  follow: optional(
    uniqueListOf(text(complaintAboutPattern)),
    [],
    'Patterns of versions that it takes as well: `*` stands for anything within a path segment, `**` for anything.',
  ),
  swap: optional(
    oneOf('never', 'compatible', 'always'),
    'never' as const,
    'What follows a stage that went well: nothing, a swap if nothing breaks for clients, or a swap.',
  ),
  readers: optional(
    notEmpty(
      uniqueListOf(text(complaintAboutReader)),
      'name a role, or leave the key out: then the readers of what is live are taken over',
    ),
    [],
    'PostgreSQL roles that may read every slot; `public` is everybody. Without any, a release takes over the readers of the live slot.',
  ),
  options: part(options, 'How its TAP_SCHEMA is made. The defaults are what Rubin runs.'),
}

const KEYS = {
  enabled: optional(flag, true, 'Whether the server exists here; a disabled one may be incomplete.'),
  ...PLAIN_KEYS,
  ...databaseKeys('This or `database` is required.'),
  service: optional(TAP_SERVICE, null, 'The TAP service over its data, where Almagest is to answer queries.'),
}

type GivenServer = Found<typeof KEYS>

/** A TAP server: its name in the file, and what its section says. */
export interface TapServer extends SectionOf<typeof PLAIN_KEYS> {
  readonly name: string
  readonly database: DatabaseAddress
  /** null: queries are not answered. */
  readonly service: TapService | null
}

const given = foundOf(KEYS)

/** null: it cannot be read at all. What is missing or wrong in a disabled one is not reported: nothing depends on it. */
export const TAP_SERVER: Shape<GivenServer | null> = {
  ...given,
  read: (node, path, report) => {
    const before = report.count
    const found = given.read(node, path, report)
    if (found?.value('enabled') === false) report.forgiveIncomplete(before)
    return found ?? null
  },
}

/** The database of a server. undefined: it cannot be said which, and that has been reported. */
export function requireServerDatabase(found: GivenServer, report: Report): DatabaseAddress | undefined {
  const database = readDatabase(found, report)
  if (database !== null) return database
  report.error('missing_key', found.place, 'has no database: give databaseUrl, or database with url or instance')
  return undefined
}

/** null: something about it is wrong, and that has been reported. `schemaVersion` is for servers without their own. */
export function readServer(
  name: string,
  found: GivenServer,
  database: DatabaseAddress,
  schemaVersion: string | null,
): TapServer | null {
  const plain = found.pick(PLAIN_KEYS)
  const service = found.value('service')
  if (plain === undefined || service === undefined) return null
  return {
    name,
    ...plain,
    schemaVersion: plain.schemaVersion ?? schemaVersion,
    database,
    service: service === null ? null : serviceOf(service, database),
  }
}
