import { refuseEmpty } from '../field-rules.ts'
import { parseInstant } from '../parse-instant.ts'
import { anyText, describeNode, type Shape, transformed } from '../shapes.ts'
import { refuseTemplate, renderTemplate } from './template.ts'

/** Clients refuse longer ones. */
const MAX_URL = 2083

/** Whatever an environment is called: with these every template of a URL gives one. */
const SAMPLE = { base_hostname: 'rsp.example.org', dataset: 'dp1' }

/** An http or https URL, normalised. */
export const url: Shape<string> = transformed(anyText(refuseUrl), (found) => new URL(found).href)

/** Normalised and without slashes at its end, to be continued. */
export function normaliseBaseUrl(found: string): string {
  return new URL(found).href.replace(/\/+$/, '')
}

/** A template of a URL. */
export const template: Shape<string> = anyText(refuseUrlTemplate)

/** The same, where an empty text is as good as none. */
export const optionalTemplate: Shape<string | null> = transformed(
  anyText((found) => (found === '' ? null : refuseUrlTemplate(found))),
  (found) => found || null,
)

/** A path of a server: begins with a slash, ends with none. */
export const serverPath: Shape<string> = transformed(anyText(refusePath), withoutSlash)

/** The same in front of others: empty is the root, as `/` is. */
export const pathPrefix: Shape<string> = transformed(
  anyText((found) => (found === '' ? null : refusePath(found))),
  withoutSlash,
)

export const hostname: Shape<string> = anyText(refuseHostname)

/** An IVOA identifier (IVOA Identifiers 2.0 §2.3). */
export const ivoid: Shape<string> = anyText((found) =>
  /^ivo:\/\/[^\s/?#]+(?:\/[^\s?#]*)?(?:\?[^\s#]*)?(?:#\S*)?$/i.test(found)
    ? null
    : 'is no IVOA identifier: expected ivo://authority/path',
)

export const instant: Shape<Date> = {
  type: 'date',
  read: (node, path, report) => {
    const value = node.kind === 'scalar' ? node.value : undefined
    const date = typeof value === 'string' ? parseInstant(value) : value
    if (date instanceof Date) return date
    const found = typeof value === 'string' ? JSON.stringify(value) : describeNode(node)
    report.error('invalid_value', { path, at: node.at }, `must be a date like 2026-04-16T00:00:00Z, not ${found}`)
    return undefined
  },
}

function refuseUrlTemplate(found: string): string | null {
  return refuseTemplate(found) ?? refuseUrl(renderTemplate(found, SAMPLE))
}

/** Why a text is no URL that clients take, as the end of a sentence about it; null: it is one. */
export function refuseUrl(found: string): string | null {
  if (!URL.canParse(found)) return 'is no URL: expected https://… or http://…'
  const { protocol, href } = new URL(found)
  if (protocol !== 'http:' && protocol !== 'https:') return 'is no http or https URL'
  if (/\$\{\w+\}/.test(found)) return 'holds a variable, but variables are not filled in here: write the value'
  return Math.max(found.length, href.length) > MAX_URL ? `is longer than the ${MAX_URL} characters of a URL` : null
}

/** As `refuseUrl`, for a URL to which paths are appended. */
export function refuseBaseUrl(found: string): string | null {
  const complaint = refuseUrl(found)
  if (complaint !== null) return complaint
  const { search, hash } = new URL(found)
  return search === '' && hash === '' ? null : 'must be a URL without ? and #: paths are appended to it'
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

function refusePath(path: string): string | null {
  if (!path.startsWith('/')) return 'must begin with a slash'
  if (/[?#\\{}\s]|\/\/|\/\.\.?(?:\/|$)/.test(path))
    return 'is no plain path: it may not hold "?", "#", "\\", "{", "}", spaces, "//", "." or ".."'
  return null
}

function refuseHostname(found: string): string | null {
  if (/^[a-z]+:\/\//i.test(found)) return 'must be the host alone, without https://'
  const legal = /^[^\s/?#@\\{}]+$/.test(found) && URL.canParse(`https://${found}/`)
  return legal ? null : 'is no host name'
}

/** Why a text cannot say where the menu of the tutorials lies, as the end of a sentence about it; null: it can. */
export function refuseMenu(found: string): string | null {
  if (!/^[a-z]+:\/\//i.test(found)) return refuseEmpty(found)
  return /^gs:\/\/[^/\s]+\/.+[^/]$/.test(found) ? null : 'is neither gs://bucket/object nor the path of a file'
}
