import { oneOrMore, uniqueListOf } from './collections.ts'
import { optional, sectionAs } from './sections.ts'
import { flag, type ShapeOf, text } from './shapes.ts'

const audience = text()

/** Who is calling; `requireCaller` absent: it depends on where the function is deployed. */
export const IDENTITY = sectionAs(
  {
    audience: optional(
      oneOrMore(audience, uniqueListOf(audience)),
      [],
      'Audiences that an identity token may be for, one or a list: the URLs of the service. Empty: any.',
    ),
    trustPlatform: optional(
      flag,
      false,
      'Whether Cloud Run in front has verified the token (and removed its signature). Only true for a service that `allUsers` may not invoke.',
    ),
    requireCaller: optional(
      flag,
      null,
      'Whether only a verified caller may stage, swap, roll back, sweep or destroy. Without it: in Cloud Run yes, elsewhere no.',
    ),
  },
  (found) => {
    const given = found.whole()
    if (given === undefined) return undefined
    const { requireCaller, ...rest } = given
    return { ...rest, ...(requireCaller === null ? {} : { requireCaller }) }
  },
)

export type IdentityConfig = ShapeOf<typeof IDENTITY>
