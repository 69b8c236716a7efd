import type { DatabaseAddress } from '../database-address.ts'
import {
  complaintAboutBucket,
  complaintAboutEndpoint,
  complaintAboutQueue,
  complaintAboutServiceAccount,
  complaintAboutTopic,
} from './complaints.ts'
import { databaseKeys, readDatabase } from './database.ts'
import type { Place, Report } from './report.ts'
import { type Found, foundOf, optional, part, required, type SectionOf, section, sectionAs } from './sections.ts'
import { flag, integer, oneOf, type ShapeOf, text } from './shapes.ts'
import { TAP_QUOTAS } from './tap-quotas.ts'

/** The longest that a dispatcher waits for the end of a query, less what it takes to end in order: ten and thirty minutes. */
const LONGEST_SECONDS = { topic: 540, tasks: 1740 } as const
const SECONDS_PER_DAY = 86_400

const EXECUTION_KEYS = {
  default: optional(integer(1, LONGEST_SECONDS.tasks), 300, 'Seconds that a query may take where a job does not say.'),
  hard: optional(
    integer(1, LONGEST_SECONDS.tasks),
    null,
    `Seconds that a query may take at most, whatever a job says. Without it as long as can be waited for: ${LONGEST_SECONDS.topic} with \`topic\`, ${LONGEST_SECONDS.tasks} with \`tasks\`.`,
  ),
}

const KEPT_DAYS = section(
  {
    default: optional(integer(1, 3650), 7, 'Days where a job does not say.'),
    hard: optional(integer(1, 3650), 30, 'Days at most, whatever a job says.'),
  },
  (value, found, report) => reportOrder(value, found.isGiven('default'), found.placeOf, report),
)

const TASKS = section({
  queue: required(text(complaintAboutQueue), 'The queue: `projects/P/locations/L/queues/Q`.'),
  url: required(text(complaintAboutEndpoint), 'Address of `run-query`, which the queue calls.'),
  serviceAccount: required(
    text(complaintAboutServiceAccount),
    'As whom it calls: an account that may invoke `run-query`.',
  ),
  apiEndpoint: optional(
    text(complaintAboutEndpoint),
    null,
    "URL of a stand-in for Google's Cloud Tasks API, for tests.",
  ),
})

const PLAIN_KEYS = {
  bucket: required(
    text(complaintAboutBucket),
    'The bucket of results, without `gs://`: they lie below `r/`, uploaded tables below `u/`.',
  ),
  delivery: optional(
    oneOf('stream', 'redirect'),
    'stream' as const,
    'How a result reaches its user: `stream` passes it through `tap`; `redirect` sends the client to the bucket, with an address that holds for five minutes, and needs the right to sign ([tap.md](tap.md#asynchronous-queries)).',
  ),
  keptDays: part(KEPT_DAYS, 'How long a job and its result are kept after the job was made.'),
  recordDays: optional(
    integer(0, 3650),
    90,
    'Days that the record of a job of a user is kept after its result was deleted (phase ARCHIVED); 0: none.',
  ),
  recordSync: optional(
    flag,
    true,
    'Whether sync queries are in the table of jobs too, for the record of what was asked. The row is written beside the answer. Where `quotas` limits sync queries, those of its users are always in it.',
  ),
  quotas: part(TAP_QUOTAS, 'What users may have at once.'),
  events: part(
    section({
      topic: optional(
        text(complaintAboutTopic),
        null,
        'Pub/Sub topic for what happens to jobs, quotas, shares and notifications. Without it events are only kept in the table.',
      ),
      keptDays: optional(
        integer(1, 3650),
        90,
        'Days that events are kept; those of a job at least as long as its record.',
      ),
    }),
    'Events, for other systems and for the record.',
  ),
}

const KEYS = {
  ...PLAIN_KEYS,
  topic: optional(
    text(complaintAboutTopic),
    null,
    'Pub/Sub topic whose push subscription calls `run-query`: `projects/P/topics/T`. This or `tasks` is required.',
  ),
  tasks: optional(
    TASKS,
    null,
    'A queue of Cloud Tasks in its place: queries may run for half an hour, and it decides exactly how many run at once.',
  ),
  executionSeconds: part(foundOf(EXECUTION_KEYS), 'How long a query may run.'),
  ...databaseKeys('It holds the jobs. Without this and `database`: that of the server.'),
}

/** Who calls `run-query`. */
export type JobDispatch =
  | { readonly kind: 'topic'; readonly topic: string }
  | ({ readonly kind: 'tasks' } & ShapeOf<typeof TASKS>)

/** Jobs as their section describes them; `database` null: in the server's own. */
export const TAP_JOBS = sectionAs(KEYS, (found, report) => {
  const database = readDatabase(found, report)
  const given = found.pick(PLAIN_KEYS)
  const dispatch = readDispatch(found, report)
  const execution = found.value('executionSeconds')
  const executionSeconds = dispatch && execution && readExecution(execution, LONGEST_SECONDS[dispatch.kind], report)
  if (database === undefined || given === undefined || dispatch === undefined || executionSeconds === undefined) return
  return { ...given, dispatch, executionSeconds, database }
})

/** How asynchronous queries run. Every default is filled in. */
export interface TapJobs extends SectionOf<typeof PLAIN_KEYS> {
  readonly dispatch: JobDispatch
  readonly executionSeconds: { readonly default: number; readonly hard: number }
  readonly database: DatabaseAddress
}

function readDispatch(found: Found<typeof KEYS>, report: Report): JobDispatch | undefined {
  const [topic, tasks] = [found.value('topic'), found.value('tasks')]
  if (topic === undefined || tasks === undefined) return undefined
  if (topic !== null && tasks !== null) {
    report.error('conflict', found.placeOf('tasks'), 'run-query is called by topic already: keep one of the two')
    return undefined
  }
  if (tasks !== null) return { kind: 'tasks', ...tasks }
  if (topic !== null) return { kind: 'topic', topic }
  report.error('missing_key', found.place, 'does not say who calls run-query: give topic or tasks')
  return undefined
}

/** What a dispatcher cannot wait for is refused here, so that capabilities promise nothing else. */
function readExecution(found: Found<typeof EXECUTION_KEYS>, longest: number, report: Report) {
  const given = found.whole()
  if (given === undefined) return undefined
  const { hard } = given
  if (hard !== null && hard > longest) {
    const message = `must be at most ${longest}: nobody waits longer for run-query here`
    report.error('out_of_range', found.placeOf('hard'), message)
    return undefined
  }
  const limits = { default: given.default, hard: hard ?? longest }
  reportOrder(limits, found.isGiven('default'), found.placeOf, report)
  return limits
}

function reportOrder(
  limits: { readonly default: number; readonly hard: number },
  isDefaultGiven: boolean,
  placeOf: (key: 'default' | 'hard') => Place,
  report: Report,
): void {
  if (limits.default <= limits.hard) return
  const message = `the default (${limits.default}) is larger than the hard limit (${limits.hard})`
  report.error('conflict', placeOf(isDefaultGiven ? 'default' : 'hard'), message)
}

export function secondsKept({ keptDays }: TapJobs): { readonly default: number; readonly hard: number } {
  return { default: keptDays.default * SECONDS_PER_DAY, hard: keptDays.hard * SECONDS_PER_DAY }
}
