import {
  complaintAboutArguments,
  complaintAboutSiteSql,
  parseSiteSignature,
  SITE_TYPES,
  type SiteFunction,
  type SiteSignature,
} from '../adql/functions/site.ts'
import { required, sectionAs } from './sections.ts'
import { type Shape, text } from './shapes.ts'

/** `name(a DOUBLE, b DOUBLE) -> DOUBLE`. */
const signature: Shape<SiteSignature> = {
  type: 'text',
  read: (node, path, report) => {
    const written = text((found) => {
      const parsed = parseSiteSignature(found)
      return 'complaint' in parsed ? parsed.complaint : null
    }).read(node, path, report)
    const parsed = written === undefined ? undefined : parseSiteSignature(written)
    return parsed === undefined || 'complaint' in parsed ? undefined : parsed
  },
}

/** A text of several lines. */
export function complaintAboutProse(text: string): string | null {
  if (text.trim() === '') return 'is empty'
  return /[^\P{Cc}\n\t\r]/u.test(text) ? 'has a control character' : null
}

export const SITE_FUNCTION: Shape<SiteFunction> = sectionAs(
  {
    signature: required(signature, `\`name(a DOUBLE, b DOUBLE) -> DOUBLE\`. ${SITE_TYPES}`),
    description: required(text(complaintAboutProse), 'What it gives, for the capabilities document.'),
    sql: required(
      text(complaintAboutSiteSql),
      'One SQL expression for it, with `$1`, `$2` in the place of its arguments: `site.airmass($1, $2)`. Points, circles and polygons are `float8[]` in degrees.',
    ),
  },
  (found, report) => {
    const given = found.whole()
    if (given === undefined) return undefined
    const { signature, description, sql } = given
    const complaint = complaintAboutArguments(sql, signature)
    if (complaint !== null) report.error('invalid_value', found.placeOf('sql'), complaint)
    return { ...signature, description, sql }
  },
)
