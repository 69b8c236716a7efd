import { announce } from '../../shared/deployment/announce.ts'
import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import { messageOf } from '../../shared/failure.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { noteLogin } from '../../shared/uws/note-login.ts'

/** There are no sessions: a request after so long counts as a login. */
const EVERY_SECONDS = 3600

/** Users whom one instance remembers. */
const REMEMBERED = 10_000

/** Writes the event LOGIN of a user beside the request, for audits. */
export type NoteUser = (served: ServedTap, username: string) => void

/** The table says when it was last written; what is remembered here only spares asking it with every request. */
export function createNoteUser(logger: Logger, now: () => number = Date.now): NoteUser {
  const noted = new Map<string, number>()
  return ({ name, openJobs }, username) => {
    if (openJobs === null) return
    const key = `${name}/${username}`
    if ((noted.get(key) ?? 0) > now() - EVERY_SECONDS * 1000) return
    if (noted.size >= REMEMBERED) noted.clear()
    noted.set(key, now())
    const note = async () => {
      const backend = await openJobs()
      const isNew = await noteLogin(backend.pool, name, username, EVERY_SECONDS)
      if (isNew) await announce(backend, { server: name, type: 'user', id: username }, logger)
    }
    note().catch((error: unknown) => {
      noted.delete(key)
      logger.warning(`the login of a user could not be recorded: ${messageOf(error)}`, { user: username, error })
    })
  }
}
