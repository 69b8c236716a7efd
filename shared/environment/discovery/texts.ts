import { complaintAboutEmpty } from '../complaints.ts'
import { parseInstant } from '../parse-instant.ts'
import { anyText, called, describeNode, type Shape, text, transformed } from '../shapes.ts'
import { complaintAboutTemplate, renderTemplate } from './template.ts'

/** Clients refuse longer ones. */
const MAX_URL = 2083

/** What an environment may be called: with these every template of a URL gives one. */
const SAMPLE = { base_hostname: 'rsp.example.org', dataset: 'dp1' }

/** An http or https URL, normalised. */
export const url = called(
  'URL',
  transformed(anyText(complaintAboutUrl), (found) => new URL(found).href),
)

/** A URL to which paths are appended: normalised, without slashes at its end. */
export const baseUrl = called('URL', transformed(text(complaintAboutBaseUrl), normaliseBaseUrl))

export function normaliseBaseUrl(found: string): string {
  return withoutSlash(new URL(found).href)
}

/** A template of a URL. */
export const template = called('template', anyText(complaintAboutUrlTemplate))

/** The same, where an empty text is as good as none. */
export const optionalTemplate = called(
  'template',
  transformed(
    anyText((found) => (found === '' ? null : complaintAboutUrlTemplate(found))),
    (found) => found || null,
  ),
)

/** A path of a server: begins with a slash, ends with none. */
export const serverPath = called('path', transformed(anyText(complaintAboutPath), withoutSlash))

/** The same in front of others: empty is the root, as `/` is. */
export const pathPrefix = called(
  'path',
  transformed(
    anyText((found) => (found === '' ? null : complaintAboutPath(found))),
    withoutSlash,
  ),
)

export const hostname = called('host', anyText(complaintAboutHostname))

/** An IVOA identifier (IVOA Identifiers 2.0 §2.3). */
export const ivoid = called('IVOA identifier', anyText(complaintAboutIvoid))

export function complaintAboutIvoid(found: string): string | null {
  return /^ivo:\/\/[^\s/?#]+(?:\/[^\s?#]*)?(?:\?[^\s#]*)?(?:#\S*)?$/i.test(found)
    ? null
    : 'is not a valid IVOA identifier: expected ivo://authority/path'
}

/** Where the menu of the tutorials lies: in a bucket, or in a file beside the environment file. */
export type MenuPlace =
  | { readonly kind: 'object'; readonly bucket: string; readonly object: string }
  | { readonly kind: 'file'; readonly path: string }

const MENU_OBJECT = /^gs:\/\/([^/\s]+)\/(.+[^/])$/

export const menu: Shape<MenuPlace> = transformed(text(complaintAboutMenu), (found) => {
  const [, bucket, object] = MENU_OBJECT.exec(found) ?? []
  return bucket === undefined || object === undefined
    ? { kind: 'file', path: found }
    : { kind: 'object', bucket, object }
})

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

/** A URL in which `{version}` may stand. */
export const versionUrl: Shape<string> = text((found) => complaintAboutUrl(found.replaceAll('{version}', 'version')))

function complaintAboutUrlTemplate(found: string): string | null {
  return complaintAboutTemplate(found) ?? complaintAboutUrl(renderTemplate(found, SAMPLE))
}

/** Why clients do not take a text as a URL, as the end of a sentence about it; null: they do. */
export function complaintAboutUrl(found: string): string | null {
  if (!URL.canParse(found)) return 'is not a valid URL: expected https://… or http://…'
  const { protocol, href } = new URL(found)
  if (protocol !== 'http:' && protocol !== 'https:') return 'is not an http or https URL'
  if (/\$\{\w+\}/.test(found)) return 'holds a variable, but variables are not filled in here: write the value'
  return Math.max(found.length, href.length) > MAX_URL ? `is longer than the ${MAX_URL} characters of a URL` : null
}

/** As `complaintAboutUrl`, for a URL to which paths are appended. */
export function complaintAboutBaseUrl(found: string): string | null {
  const complaint = complaintAboutUrl(found)
  if (complaint !== null) return complaint
  const { search, hash } = new URL(found)
  return search === '' && hash === '' ? null : 'must be a URL without ? and #: paths are appended to it'
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

function complaintAboutPath(path: string): string | null {
  if (!path.startsWith('/')) return 'must begin with a slash'
  if (/[?#\\{}\s]|\/\/|\/\.\.?(?:\/|$)/.test(path))
    return 'is not a valid path: it may not hold "?", "#", "\\", "{", "}", spaces, "//", "." or ".."'
  return null
}

function complaintAboutHostname(found: string): string | null {
  if (/^[a-z]+:\/\//i.test(found)) return 'must be the host alone, without https://'
  const legal = /^[^\s/?#@\\{}]+$/.test(found) && URL.canParse(`https://${found}/`)
  return legal ? null : 'is not a valid host name'
}

function complaintAboutMenu(found: string): string | null {
  if (!/^[a-z]+:\/\//i.test(found)) return complaintAboutEmpty(found)
  return MENU_OBJECT.test(found) ? null : 'is neither gs://bucket/object nor the path of a file'
}
