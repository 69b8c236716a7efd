import type { DatabaseAddress } from '../database-address.ts'
import { uniqueListOf } from './collections.ts'
import { complaintAboutReader } from './complaints.ts'
import { databaseKeys, readDatabase } from './database.ts'
import { PHYSICAL_NAMES } from './physical-names.ts'
import { QSERV } from './qserv.ts'
import { optional, part, required, type SectionOf, section, sectionAs } from './sections.ts'
import { integer, oneOf, orNull, type Shape, text } from './shapes.ts'
import { complaintAboutProse, SITE_FUNCTION } from './site-functions.ts'
import { TAP_JOBS, type TapJobs } from './tap-jobs.ts'
import { USER_TABLES } from './user-tables.ts'

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE
const GIBIBYTE = 1024 * MEBIBYTE

function complaintAboutServiceUrl(url: string): string | null {
  const { protocol, username, password, search, hash } = URL.parse(url) ?? {}
  if (protocol !== 'http:' && protocol !== 'https:') return 'is not a URL: expected https://… or http://…'
  if (username !== '' || password !== '') return 'has a user name or password, which everybody would read'
  if (search !== '' || hash !== '' || /[?#]/.test(url))
    return 'must be without ? and #: /sync and the like are appended'
  if (url.endsWith('/')) return 'must be without a slash at its end: /sync and the like are appended'
  return /\/\/|\/\.\.?(?:\/|$)|[\s\\]/.test(url.slice(url.indexOf('://') + 3))
    ? 'has a path that clients write in another way: no "//", ".", "..", "\\" or spaces'
    : null
}

function complaintAboutOrigin(origin: string): string | null {
  if (origin === '*') return 'must stand alone, not in a list'
  const url = URL.parse(origin)
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  return isWeb && url.origin === origin ? null : 'is not an origin: expected https://HOST or https://HOST:PORT'
}

function complaintAboutHost(host: string): string | null {
  const isHost = URL.parse(`ftp://${host}/`)?.host === host
  return isHost
    ? null
    : 'is not a host: expected files.example.org, 10.0.0.1 or [fd00::1], maybe with :PORT, in lower case'
}

const origins = uniqueListOf(text(complaintAboutOrigin))

/** `*`, or a list of origins. */
const cors: Shape<'*' | readonly string[]> = {
  type: '`"*"` or list of texts',
  read: (node, path, report) => (node.kind === 'scalar' && node.value === '*' ? '*' : origins.read(node, path, report)),
}

function complaintAboutRole(role: string): string | null {
  return role === 'public' ? 'is not a role that a session can have' : complaintAboutReader(role)
}

function complaintAboutMember(member: string): string | null {
  return /^[^\s@]*@[^\s@]+\.[^\s@]+$/.test(member)
    ? null
    : 'is not an e-mail address, nor a domain such as @example.org'
}

/** Where the queries are answered; `database` null: in the server's own. */
const query = sectionAs(
  {
    type: optional(
      oneOf('postgresql', 'qserv'),
      'postgresql' as const,
      'What answers queries: a PostgreSQL database; or Qserv, with a database for TAP_SCHEMA.',
    ),
    schemas: optional(
      uniqueListOf(text()),
      null,
      'Names of the schemas, as in TAP_SCHEMA, whose tables the database has; queries of other tables are refused, or sent to Qserv. Without the key: all, or with Qserv none but TAP_SCHEMA.',
    ),
    qserv: optional(QSERV, null, 'The Qserv, with `type: qserv`.'),
    role: optional(
      text(complaintAboutRole),
      null,
      'PostgreSQL role that queries run as (`set role`); the user of the address must be a member of it. It should be able to read the data and TAP_SCHEMA, and nothing else. Without it: the user of the address.',
    ),
    ...databaseKeys('Without this and `database`: that of the server.'),
  },
  (found, report) => {
    const database = readDatabase(found, report)
    const given = found.whole()
    if (database === undefined || given === undefined) return undefined
    if (given.type === 'qserv' && given.qserv === null) {
      report.error('missing_key', found.placeOf('type'), 'with type: qserv the section qserv is needed')
      return undefined
    }
    if (given.type === 'postgresql' && given.qserv !== null) {
      report.error('conflict', found.placeOf('qserv'), 'has no effect with type: postgresql; write type: qserv')
      return undefined
    }
    return { type: given.type, schemas: given.schemas, role: given.role, qserv: given.qserv, database }
  },
)

const maxrec = section(
  {
    default: optional(integer(1, 1_000_000_000), 100_000, 'Rows of a result where a query does not say MAXREC.'),
    hard: optional(
      orNull(integer(1, 1_000_000_000)),
      1_000_000,
      'Rows of a result at most, whatever MAXREC says; null: no bound.',
    ),
  },
  (value, found, report) => {
    if (value.hard === null || value.default <= value.hard) return
    const message = `the default (${value.default}) is larger than the hard limit (${value.hard})`
    report.error('conflict', found.placeOf(found.isGiven('default') ? 'default' : 'hard'), message)
  },
)

const limits = section({
  maxrec: part(maxrec, 'Rows of a result. One that is cut off says so (overflow).'),
  syncSeconds: optional(
    integer(1, 3600),
    60,
    'How long a sync query may take, from its arrival to its last byte. Keep it below the time-out of the platform.',
  ),
  queryBytes: optional(integer(100, MEBIBYTE), 100_000, 'Size of the text of a query.'),
  joins: optional(integer(0, 99), 30, 'Joins in a whole query, a comma in FROM is one.'),
  uploads: part(
    section({
      tables: optional(integer(0, 100), 10, 'Tables that a query may upload; 0: none.'),
      rows: optional(integer(1, 100_000_000), 100_000, 'Rows of each.'),
      bytes: optional(
        integer(KIBIBYTE, 4 * GIBIBYTE),
        32 * MEBIBYTE,
        'Size of each. Cloud Run takes requests up to 32 MiB; a table that is uploaded by its URL may be larger.',
      ),
      privateHosts: optional(
        uniqueListOf(text(complaintAboutHost)),
        [],
        'Hosts, or host:port, from which tables may be uploaded by URL though their addresses are not public.',
      ),
    }),
    'Tables that come with a query (TAP_UPLOAD).',
  ),
})

const access = sectionAs(
  {
    type: optional(
      oneOf('anonymous', 'gafaelfawr', 'google'),
      'anonymous' as const,
      'Who may query: everybody, users whom Gafaelfawr knows (`discovery.tokenInfoUrl` or `discovery.trustedProxy`), or users with an identity token of Google.',
    ),
    scopes: optional(uniqueListOf(text()), [], 'With `gafaelfawr`: scopes that a user needs; all of them.'),
    audience: optional(
      uniqueListOf(text()),
      [],
      'With `google`: what a token must be for, one of these, such as the URL of the service. Required there.',
    ),
    allow: optional(
      uniqueListOf(text(complaintAboutMember)),
      [],
      'With `google`: e-mail addresses, and domains as `@example.org`. Empty: everybody who has an account.',
    ),
  },
  (found, report) => {
    const given = found.whole()
    if (given === undefined) return undefined
    const { type, scopes, audience, allow } = given
    for (const [key, owner] of [
      ['scopes', 'gafaelfawr'],
      ['audience', 'google'],
      ['allow', 'google'],
    ] as const) {
      if (type === owner || given[key].length === 0) continue
      const message = `is asked of nobody, because access.type is ${type}: set it to ${owner}, or remove ${key}`
      report.error('conflict', found.placeOf(key), message)
    }
    if (type === 'google' && audience.length === 0) {
      report.error('missing_key', found.place, 'audience is missing: whatever a token is for would be taken')
    }
    if (type === 'gafaelfawr') return { type, scopes }
    return type === 'google' ? { type, audience, allow } : { type }
  },
)

const example = section({
  name: required(text(), 'Its title.'),
  query: required(text(complaintAboutProse), 'ADQL that works here.'),
  description: optional(text(complaintAboutProse), null, 'What it shows.'),
  table: optional(text(), null, 'The table that it is about.'),
})

const KEYS = {
  url: required(
    text(complaintAboutServiceUrl),
    'Public URL, without a slash at its end, as clients reach it: `https://data.example.org/api/tap`. `/sync`, `/tables` and the like lie below it.',
  ),
  query: part(query, 'What answers the queries.'),
  jobs: optional(TAP_JOBS, null, 'How asynchronous queries run. Without it there are none: `/async` answers 501.'),
  geometry: optional(
    oneOf('auto', 'portable', 'pgsphere', 'postgis'),
    'auto' as const,
    'How geometry is computed: by the extension pgSphere or PostGIS, or without any. `auto`: by the extension that the database has, pgSphere before PostGIS.',
  ),
  names: part(PHYSICAL_NAMES, 'How the names of TAP_SCHEMA become names of the database.'),
  limits: part(limits, 'What a query may cost.'),
  access: part(access, 'Who may query. `/capabilities` and `/availability` are open to everybody.'),
  cors: optional(
    cors,
    '*' as const,
    'Web pages whose scripts may use the service: `"*"` for all, or a list of origins (`https://HOST`).',
  ),
  examples: optional(
    uniqueListOf(example, ({ name }) => name),
    [],
    'Queries for `/examples`.',
  ),
  userTables: optional(
    USER_TABLES,
    null,
    'Tables that users keep (`docs/user-tables.md`), in the database of the server. Without it there are none. It needs `access` for known users, `query.role` and `jobs`, whose `quotas` limit the tables too.',
  ),
  functions: optional(
    uniqueListOf(SITE_FUNCTION, ({ name }) => name.toLowerCase()),
    [],
    'Functions that the database of the site has and ADQL does not. One that is called like a function of Almagest replaces it.',
  ),
}

type Section = SectionOf<typeof KEYS>

/** A TAP service as its section describes it. Every default is filled in. */
export interface TapService extends Omit<Section, 'query' | 'jobs'> {
  /** null: there are no asynchronous queries. */
  readonly jobs: TapJobs | null
  readonly query: Omit<Section['query'], 'database'> & { readonly database: DatabaseAddress }
}

export const TAP_SERVICE = section(KEYS, (given, found, report) => {
  if (given.userTables === null) return
  const { access, query, jobs } = given
  const complaints: readonly (readonly [boolean, string])[] = [
    [access.type === 'anonymous', 'needs users who are known: set access.type to gafaelfawr or google'],
    [query.role === null, 'needs query.role, a role that does not own the tables of users'],
    [jobs === null, 'needs jobs, beside which shares, events and quotas are kept'],
    [
      query.database !== null || (jobs?.database ?? null) !== null,
      'needs query and jobs in the database of the server: leave out their databases',
    ],
  ]
  for (const [wrong, message] of complaints) {
    if (wrong) report.error('conflict', found.placeOf('userTables'), message)
  }
})

/** The service of a server with this database. */
export function serviceOf(given: Section, own: DatabaseAddress): TapService {
  const { query, jobs } = given
  // Nobody waits for a query that Qserv runs, so that what a dispatcher can wait for does not matter.
  const longer = query.qserv === null ? {} : { executionSeconds: query.qserv.executionSeconds }
  return {
    ...given,
    query: { ...query, database: query.database ?? own },
    jobs: jobs === null ? null : { ...jobs, ...longer, database: jobs.database ?? own },
  }
}
