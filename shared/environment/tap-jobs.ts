import type { DatabaseAddress } from '../database-address.ts'
import { complaintAboutBucket, complaintAboutTopic } from './complaints.ts'
import { databaseKeys, readDatabase } from './database.ts'
import { optional, part, required, type SectionOf, section, sectionAs } from './sections.ts'
import { integer, text } from './shapes.ts'

/** The longest that Pub/Sub waits for the answer to a push, less what it takes to end in order. */
const LONGEST_SECONDS = 540
const SECONDS_PER_DAY = 86_400

/** A limit that users may change within bounds. */
function bounded(unit: string, usual: number, most: number, longest: number) {
  return section(
    {
      default: optional(integer(1, longest), usual, `${unit} where a job does not say.`),
      hard: optional(integer(1, longest), most, `${unit} at most, whatever a job says.`),
    },
    (value, found, report) => {
      if (value.default <= value.hard) return
      const message = `the default (${value.default}) is larger than the hard limit (${value.hard})`
      report.error('conflict', found.placeOf(found.isGiven('default') ? 'default' : 'hard'), message)
    },
  )
}

const PLAIN_KEYS = {
  bucket: required(
    text(complaintAboutBucket),
    'The bucket of results, without `gs://`: they lie below `r/`, uploaded tables below `u/`.',
  ),
  topic: required(
    text(complaintAboutTopic),
    'Pub/Sub topic whose push subscription calls `run-query`: `projects/P/topics/T`.',
  ),
  executionSeconds: part(
    bounded('Seconds that a query may take', 300, LONGEST_SECONDS, LONGEST_SECONDS),
    'How long a query may run. Pub/Sub allows nine minutes.',
  ),
  keptDays: part(bounded('Days', 7, 30, 3650), 'How long a job and its result are kept after the job was made.'),
}

const KEYS = { ...PLAIN_KEYS, ...databaseKeys('It holds the jobs. Without this and `database`: that of the server.') }

/** Jobs as their section describes them; `database` null: in the server's own. */
export const TAP_JOBS = sectionAs(KEYS, (found, report) => {
  const database = readDatabase(found, report)
  const given = found.pick(PLAIN_KEYS)
  return database === undefined || given === undefined ? undefined : { ...given, database }
})

/** How asynchronous queries run. Every default is filled in. */
export interface TapJobs extends SectionOf<typeof PLAIN_KEYS> {
  readonly database: DatabaseAddress
}

export function secondsKept({ keptDays }: TapJobs): { readonly default: number; readonly hard: number } {
  return { default: keptDays.default * SECONDS_PER_DAY, hard: keptDays.hard * SECONDS_PER_DAY }
}
