import { uniqueListOf } from './collections.ts'
import { complaintAboutEmpty, complaintAboutPasswordKey } from './complaints.ts'
import { optional, part, required, type SectionOf, section } from './sections.ts'
import { flag, integer, oneOf, text } from './shapes.ts'

const MEBIBYTE = 1024 * 1024
const SECONDS_PER_WEEK = 604_800

function complaintAboutQservUrl(url: string): string | null {
  const { protocol, username, password, search, hash } = URL.parse(url) ?? {}
  if (protocol !== 'https:' && protocol !== 'http:') return 'is not a URL: expected https://HOST:4048'
  if (username !== '' || password !== '') return 'has a user name or password: give user and passwordKey'
  return search !== '' || hash !== '' ? 'must be without ? and #' : null
}

const executionSeconds = section(
  {
    default: optional(integer(1, SECONDS_PER_WEEK), 3_600, 'Seconds that a query may take where a job does not say.'),
    hard: optional(integer(1, SECONDS_PER_WEEK), 14_400, 'Seconds at most, whatever a job says.'),
  },
  (value, found, report) => {
    if (value.default <= value.hard) return
    const message = `the default (${value.default}) is larger than the hard limit (${value.hard})`
    report.error('conflict', found.placeOf(found.isGiven('default') ? 'default' : 'hard'), message)
  },
)

const placement = section(
  {
    table: required(text(), 'Its name in TAP_SCHEMA: `dp1.Object`.'),
    kind: required(
      oneOf('director', 'child', 'replicated'),
      'Whether Qserv has cut it by position (`director`), by the director that its rows belong to (`child`), or not at all.',
    ),
    id: optional(text(), null, 'The column of the index of the director: `objectId`; for directors and children.'),
    director: optional(text(), null, 'Of a child: its director, as in TAP_SCHEMA.'),
  },
  (value, found, report) => {
    if (value.kind === 'child' && value.director === null) {
      report.error('missing_key', found.placeOf('kind'), 'a child also needs its director')
    }
  },
)

const KEYS = {
  url: required(text(complaintAboutQservUrl), 'The HTTP front end of its czar: `https://czar.example.org:4048`.'),
  user: optional(text(complaintAboutEmpty), null, 'Who asks, where Qserv wants to know. Then `passwordKey` too.'),
  passwordKey: optional(
    text(complaintAboutPasswordKey),
    null,
    'File of the secrets directory with the password of `user`.',
  ),
  caFile: optional(
    text(),
    null,
    'File with the certificates, in PEM, of the authority that has signed that of Qserv; beside the environment file unless its path is absolute.',
  ),
  insecure: optional(flag, false, 'Whether any certificate will do: for tests alone.'),
  sendVersion: optional(
    flag,
    true,
    'Whether requests say which version of the API they mean. The lower one of both sides is sent, from 30 to 55.',
  ),
  connections: optional(
    integer(1, 500),
    null,
    'Connections to Qserv that one function instance may hold. Without it: `QSERV_HTTP_MAX_CONNECTIONS` of the process, or else 15.',
  ),
  keepAliveSeconds: optional(
    integer(1, 4),
    null,
    'How long an idle connection is kept; Qserv closes them after five seconds. Without it: `QSERV_HTTP_KEEPALIVE_TIMEOUT` of the process, or else 4.',
  ),
  connectSeconds: optional(
    integer(1, 120),
    null,
    'How long connecting may take. Without it: `QSERV_HTTP_CONNECTION_TIMEOUT` of the process, or else 10.',
  ),
  storage: optional(
    oneOf('transfer', 'direct'),
    'transfer' as const,
    'Who writes the results of asynchronous queries to the bucket: `transfer`: run-query reads them from Qserv; `direct`: Qserv writes `result-{queryId}.xml` by itself.',
  ),
  unclearSubmit: optional(
    oneOf('resubmit', 'fail'),
    'resubmit' as const,
    'What becomes of a query of which nobody knows whether Qserv has got it: it is submitted once more, and may run twice; or its job fails.',
  ),
  nullText: optional(
    oneOf('null', 'text'),
    'null' as const,
    'What the text NULL in a column of text is, which Qserv writes for a missing value, too.',
  ),
  maintenance: optional(
    text(),
    null,
    'A message for users: while it is there no query is sent to Qserv, new jobs are refused with it, and /availability says it.',
  ),
  executionSeconds: part(
    executionSeconds,
    'How long an asynchronous query may run, in place of what `jobs` says: nobody waits for it meanwhile.',
  ),
  limits: part(
    section({
      queries: optional(integer(1, 10_000), 200, 'Asynchronous queries that run in Qserv at once; others wait.'),
      queriesPerUser: optional(integer(1, 10_000), 50, 'The same for one user.'),
      syncQueries: optional(integer(1, 1_000), 20, 'Sync queries at once of one function instance; more are refused.'),
      resultBytes: optional(
        integer(MEBIBYTE, 1024 ** 4),
        5_000 * MEBIBYTE,
        'Size of a result in Qserv. Qserv has a limit of its own (`resultdb.maxtablesize_mb`, 5 GB): more has no effect.',
      ),
    }),
    'What queries may cost Qserv.',
  ),
  uploadSeconds: optional(integer(1, 7_200), 300, 'How long Qserv may take to load an uploaded table.'),
  tables: optional(
    uniqueListOf(placement, ({ table }) => table.toLowerCase()),
    [],
    'How Qserv holds its tables: searches by position and by the id of a director then read few of its pieces.',
  ),
}

/** A Qserv as its section describes it. */
export type QservConfig = SectionOf<typeof KEYS>

export const QSERV = section(KEYS, (value, found, report) => {
  if ((value.user === null) === (value.passwordKey === null)) return
  const missing = value.user === null ? 'user' : 'passwordKey'
  report.error('missing_key', found.place, `${missing} is missing: user and passwordKey belong together`)
})
