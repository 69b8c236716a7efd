import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import { withDeadline } from '../../shared/platform/deadline.ts'
import type { ApiResponse } from '../../shared/platform/http/route.ts'
import { formatAvailability } from '../../shared/tap/availability.ts'
import { NothingLiveError } from '../../shared/tap/metadata-failures.ts'

const DEADLINE_MS = 5_000

/** Since this instance runs. */
const STARTED = new Date()

/** Whether the database says what is live, and Qserv answers (VOSI 1.1 §2.2): an answer in any case. */
export async function readAvailability({ open, service }: ServedTap): Promise<ApiResponse> {
  const note =
    service.query.qserv?.maintenance ??
    (await complaintOf(async () => (await open()).metadata.refresh(), 'The database does not answer.')) ??
    (await complaintOf(async () => (await open()).qserv?.client.ping(), 'Qserv does not answer.'))
  const body =
    note === null
      ? formatAvailability({ available: true, upSince: STARTED.toISOString() })
      : formatAvailability({ available: false, notes: [note] })
  return { headers: { 'content-type': 'text/xml; charset=utf-8' }, body }
}

async function complaintOf(ask: () => Promise<unknown>, complaint: string): Promise<string | null> {
  const expired = () => new Error(`no answer within ${DEADLINE_MS / 1000} s`)
  return withDeadline(ask(), DEADLINE_MS, expired).then(
    () => null,
    (error: unknown) => (error instanceof NothingLiveError ? error.message : complaint),
  )
}
